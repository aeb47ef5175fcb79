"""A TLS 1.3 connection (RFC 8446): early data, handshake and application records of both sides.

Which key a side uses next is known from its Finished, EndOfEarlyData and KeyUpdate messages. Where these could not be
read the next keys are tried in turn: a tag that fits is proof enough.
"""

from __future__ import annotations

import contextlib

from netwatch.decrypt import handshake as hs
from netwatch.decrypt.direction import HEAD, Direction, Stalled
from netwatch.decrypt.keylog import Secrets
from netwatch.decrypt.plaintext import Plaintext
from netwatch.decrypt.records import Aead13, Unverified
from netwatch.decrypt.secrets import expand_label
from netwatch.decrypt.suites import Suite, is_tls13, suite_of

EARLY, HANDSHAKE, APPLICATION = range(3)  # what a side's keys are for, in their order
LABELS = {
    True: ("CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"),
    False: ("", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"),
}
REC_CCS, REC_ALERT, REC_HANDSHAKE, REC_DATA = 20, 21, 22, 23


class _Side:
    def __init__(self, client: bool, phase: int) -> None:
        self.client = client
        self.phase = phase
        self.direction: Direction | None = None
        self.secret = b""  # the application traffic secret of this generation
        self.lost = 0  # bytes, before there was a direction to tell
        self.messages = hs.Messages()
        self.made: dict[int, list[Direction]] = {}  # by phase
        self.suites: dict[Direction, Suite] = {}


class Tls13:
    """`final`: no more keys will come; what has none is counted as failed instead of waited for."""

    def __init__(self, secrets: Secrets, client: hs.ClientHello, server: hs.ServerHello | None, client_side: int,
                 out: Plaintext, prefix: str = "tls13 ") -> None:
        self.final = False
        self._secrets = secrets
        self._out = out
        self._prefix = prefix
        chosen = suite_of(server.suite) if server else None
        offered = [suite for number in client.suites if is_tls13(number) and (suite := suite_of(number))]
        self._chosen = [chosen] if chosen else offered
        self._offered = offered
        early = client.early_data and secrets.get(LABELS[True][EARLY]) is not None
        sides = [_Side(True, EARLY if early else HANDSHAKE), _Side(False, HANDSHAKE)]
        self._sides = sides if client_side == 0 else sides[::-1]

    def lost(self, number: int, n: int) -> None:
        """n bytes of the side's records will not come."""
        side = self._sides[number]
        side.messages.clear()
        if side.direction is not None:
            side.direction.lose(n)
        else:
            side.lost += n

    def record(self, number: int, ts: int, frame: int, kind: int, head: bytes, body: memoryview) -> None:
        """One record. Raises Stalled; the same record is then to be given again."""
        if kind != REC_DATA:
            return
        side = self._sides[number]
        try:
            plain = self._open(side, head, body)
        except Unverified:
            self._out.fail("a record did not verify")
            side.messages.clear()
            self._torn(side, HEAD + len(body))
            return
        direction = side.direction
        if direction is not None and direction.hole >= 0:
            self._out.lost(number, ts, frame, direction.hole)
        kind = plain[-1] if plain else 0
        if kind == REC_DATA:
            self._out.put(number, ts, frame, memoryview(plain)[:-1])
            return
        plain = plain.rstrip(b"\0")  # padding, RFC 8446 section 5.4
        kind = plain[-1] if plain else 0
        if kind == REC_DATA:
            self._out.put(number, ts, frame, memoryview(plain)[:-1])
        elif kind == REC_HANDSHAKE:
            self._messages(side, plain[:-1])
        elif kind == REC_ALERT:
            self._out.alert(plain[:-1])

    def close(self) -> None:
        """Forget the keys."""
        for side in self._sides:
            side.direction, side.secret = None, b""
            side.made.clear()
            side.suites.clear()

    def _torn(self, side: _Side, n: int) -> None:
        if side.direction is not None:
            side.direction.tear(n)
        else:
            side.lost += n

    def _open(self, side: _Side, head: bytes, body: memoryview) -> bytes:
        """With the key in use, or else with one of those to come."""
        phase = side.phase
        if side.direction is not None:
            try:
                return side.direction.open(head, body)
            except Unverified:
                if phase == APPLICATION:
                    return self._open_updated(side, head, body)
            phase += 1
        for later in range(phase, APPLICATION + 1):
            for direction in self._directions(side, later):
                try:
                    plain = direction.open(head, body)
                except Unverified:
                    continue
                self._enter(side, later, direction)
                return plain
        if not self.final and self._secrets.get(LABELS[side.client][APPLICATION]) is None:
            raise Stalled
        raise Unverified

    def _open_updated(self, side: _Side, head: bytes, body: memoryview) -> bytes:
        """After a loss that may have taken a KeyUpdate with it."""
        assert side.direction is not None
        if not side.direction.torn or not side.secret:
            raise Unverified
        secret, direction = self._next_generation(side)
        direction.inherit(side.direction)
        try:
            plain = direction.open(head, body)
        except Unverified:
            side.direction.spend(direction)
            raise
        side.secret, side.direction = secret, direction
        return plain

    def _directions(self, side: _Side, phase: int) -> list[Direction]:
        """What the side may use in a phase: one for each suite that is possible."""
        found = side.made.get(phase)
        if not found:
            secret = self._secrets.get(LABELS[side.client][phase])
            if secret is None:
                return []
            others = [suite for suite in self._offered if suite not in self._chosen] if phase == EARLY else []
            digest = {32: "sha256", 48: "sha384"}[len(secret)]
            made = {Direction(Aead13(suite, secret, self._prefix)): suite for suite in self._chosen + others
                    if suite.digest == digest}
            side.suites |= made
            found = side.made[phase] = list(made)
        for direction in found:
            if side.direction is not None and side.direction.torn:
                direction.inherit(side.direction)
            elif side.lost and not direction.torn:
                direction.tear(side.lost)
        return found

    def _enter(self, side: _Side, phase: int, direction: Direction) -> None:
        side.phase, side.direction, side.lost = phase, direction, 0
        side.messages.clear()
        if phase == APPLICATION:
            side.secret = bytes(self._secrets.get(LABELS[side.client][APPLICATION]) or b"")
        if phase != EARLY:
            self._chosen = [side.suites[direction]]

    def _messages(self, side: _Side, fragment: bytes) -> None:
        for kind, message in side.messages.take(fragment):
            with contextlib.suppress(hs.Broken):
                self._message(side, kind, message[4:])

    def _message(self, side: _Side, kind: int, body: bytes) -> None:
        if kind == hs.FINISHED and side.phase == HANDSHAKE:
            side.phase, side.direction = APPLICATION, None
        elif kind == hs.END_OF_EARLY_DATA and side.client and side.phase == EARLY:
            side.phase, side.direction = HANDSHAKE, None
        elif kind == hs.KEY_UPDATE and side.phase == APPLICATION and side.secret:
            side.secret, side.direction = self._next_generation(side)
        elif kind == hs.ENCRYPTED_EXTENSIONS and not side.client:
            self._out.alpn(hs.chosen_alpn(body))
        elif kind == hs.COMPRESSED_CERT and not side.client:
            self._out.certificate(hs.leaf_certificate(hs.inflated_certificate(body)))
        elif kind == hs.CERTIFICATE and not side.client:
            self._out.certificate(hs.leaf_certificate(body))

    def _next_generation(self, side: _Side) -> tuple[bytes, Direction]:
        """After a KeyUpdate (RFC 8446 section 7.2)."""
        suite = self._chosen[0]
        size = len(side.secret)
        secret = expand_label(side.secret, "traffic upd", size, suite.digest, prefix=self._prefix)
        return secret, Direction(Aead13(suite, secret, self._prefix))
