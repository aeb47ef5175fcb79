"""The sealed records of a DTLS 1.3 connection (RFC 9147): each says by two bits of which epoch it is, and its number is
masked. Which key opens it is known from that, whatever else was lost.
"""

from __future__ import annotations

from typing import NamedTuple

from netwatch.decrypt import handshake as hs
from netwatch.decrypt.aead import aead, unverified
from netwatch.decrypt.keylog import Secrets
from netwatch.decrypt.quickeys import SAMPLE, masker, whole_number
from netwatch.decrypt.records import Unverified
from netwatch.decrypt.secrets import expand_label
from netwatch.decrypt.suites import Suite

VERSION = 0xFEFC
PREFIX = "dtls13"  # of the labels of its keys, section 5.9
WITH_CID, LONG_NUMBER, WITH_LENGTH, EPOCH_BITS = 0x10, 0x08, 0x04, 0x03  # of the first byte, section 4
EARLY, HANDSHAKE, APPLICATION = 1, 2, 3  # epochs; a KeyUpdate begins each that follows
LABELS = {
    EARLY: ("CLIENT_EARLY_TRAFFIC_SECRET", ""),
    HANDSHAKE: ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    APPLICATION: ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"),
}


class Sealed(NamedTuple):
    """A record: the bytes of its header before and behind its masked number, the number, and the body."""

    before: bytes
    number: bytes
    behind: bytes
    body: bytes

    @property
    def epoch(self) -> int:
        """Its two low bits."""
        return self.before[0] & EPOCH_BITS


def is_sealed(first: int) -> bool:
    """Does a record with this first byte have the unified header? Section 4."""
    return first >> 5 == 1


def take_sealed(wire: hs.Wire, cid: int) -> Sealed:
    """The record at hand; `cid`: bytes of connection ID, where it has one. Raises Broken."""
    first = wire.data[wire.at]
    before = wire.take(1 + (cid if first & WITH_CID else 0))
    number = wire.take(2 if first & LONG_NUMBER else 1)
    behind = wire.take(2) if first & WITH_LENGTH else b""
    return Sealed(before, number, behind, wire.take(int.from_bytes(behind, "big") if behind else wire.left))


class Replays:
    """The numbers of a sender's records that were taken: what comes again is no record (RFC 9147 section 4.5.1)."""

    WINDOW = 64

    def __init__(self) -> None:
        self.following = 0
        self._taken = 0  # bit n: following - 1 - n was

    def is_again(self, number: int) -> bool:
        """Was it taken, or is it so old that nobody knows?"""
        back = self.following - 1 - number
        return back >= self.WINDOW or (back >= 0 and bool(self._taken >> back & 1))

    def take(self, number: int) -> None:
        """Of a record that verified."""
        ahead = number + 1 - self.following
        if ahead > 0:
            self._taken = (self._taken << min(ahead, self.WINDOW) | 1) & ((1 << self.WINDOW) - 1)
            self.following = number + 1
        else:
            self._taken |= 1 << -ahead


class _Epoch:
    """The keys of one sender in one epoch; `secret` is what they, and those of the next, are made of."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        """Raises ValueError where the suite's cipher is not to be had."""
        self.secret = secret
        self._replays = Replays()
        self._mask = masker(suite, self._expand("sn", suite.key, suite))
        self._cipher = aead(suite.cipher, self._expand("key", suite.key, suite))
        self._iv = int.from_bytes(self._expand("iv", 12, suite), "big")

    def open(self, record: Sealed) -> bytes:
        """What was sealed, with its type and padding; b"" of what came again. Raises Unverified."""
        cut = bytes(a ^ b for a, b in zip(record.number, self._mask(record.body[:SAMPLE]), strict=False))
        number = whole_number(self._replays.following, int.from_bytes(cut, "big"), 8 * len(cut))
        if self._replays.is_again(number):
            return b""
        try:
            plain = self._cipher.decrypt((self._iv ^ number).to_bytes(12, "big"), record.body,
                                         record.before + cut + record.behind)
        except (unverified(), ValueError) as e:
            raise Unverified from e
        self._replays.take(number)
        return plain

    def _expand(self, label: str, n: int, suite: Suite) -> bytes:
        return expand_label(self.secret, label, n, suite.digest, prefix=PREFIX)


class Dtls13Keys:
    """The keys of one sender, by epoch."""

    def __init__(self, suite: Suite, secrets: Secrets, client: bool) -> None:
        self._suite = suite
        self._secrets = secrets
        self._client = client
        self._now = HANDSHAKE
        self._epochs: dict[int, _Epoch] = {}

    def open(self, record: Sealed) -> bytes:
        """What was sealed, with its type and padding; b"" of what is no record, or came again. Raises Unverified, and
        KeyError where the secret is not known."""
        if len(record.body) < SAMPLE:  # section 4.2.3
            return b""
        epoch = next(each for each in range(self._now - 1, self._now + 3) if each & EPOCH_BITS == record.epoch)
        plain = self._keys(epoch).open(record)
        if plain and epoch > self._now:
            self._now = epoch
            self._epochs = {each: kept for each, kept in self._epochs.items() if each >= epoch - 1}
        return plain

    def forget(self) -> None:
        self._epochs.clear()

    def _keys(self, epoch: int) -> _Epoch:
        """Of this epoch; kept, as four are asked for at most."""
        if epoch not in self._epochs:
            if epoch > APPLICATION:  # RFC 8446 section 7.2
                before = self._keys(epoch - 1).secret
                secret = expand_label(before, "traffic upd", len(before), self._suite.digest, prefix=PREFIX)
            else:
                secret = bytes(self._secrets.get(LABELS.get(epoch, ("", ""))[0 if self._client else 1]) or b"")
            if not secret:
                raise KeyError(epoch)
            self._epochs[epoch] = _Epoch(self._suite, secret)
        return self._epochs[epoch]
