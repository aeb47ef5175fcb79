"""One QUIC connection (RFC 9000, 9001, 9369): its packets opened, and what its streams say handed on in order.

Packets may come in any order and on several paths. Which keys a packet needs is in its header; a packet that does not
open is counted, and nothing else. What needs secrets that are not there yet waits.
"""

from __future__ import annotations

from typing import NamedTuple

from netwatch.decrypt import handshake as hs
from netwatch.decrypt import quicwire as wire
from netwatch.decrypt.direction import Stalled
from netwatch.decrypt.exchange import Sessions
from netwatch.decrypt.flow import IN_VAIN, NO_HELLO, Queue, SealedFlow
from netwatch.decrypt.keylog import KeyLog
from netwatch.decrypt.plaintext import NO_KEYS, Plaintext
from netwatch.decrypt.quickeys import PacketKeys, initial_keys
from netwatch.decrypt.quicsender import CLIENT, SERVER, Sender
from netwatch.decrypt.quicstreams import Row
from netwatch.decrypt.records import Unverified
from netwatch.decrypt.suites import Suite, is_tls13, suite_of

OVER, FIN, RESET, FROM_CLIENT = 1, 2, 4, 8  # in Event.extra of a stream's bytes
MISSING_SHIFT = 4  # ... with the bytes that are missing before them above
LABELS = {
    wire.EARLY: ("CLIENT_EARLY_TRAFFIC_SECRET", ""),
    wire.HANDSHAKE: ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    wire.ONE_RTT: ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"),
}
REASON_MOST = 256


class Path:
    """One 5-tuple that the connection uses; `client_side` is -1 until it is known who is who. `proven`: a packet of it
    was opened."""

    def __init__(self, out: Plaintext, client_side: int = -1) -> None:
        self.out = out
        self.client_side = client_side
        self.proven = False

    def role(self, side: int) -> int:
        return CLIENT if side == self.client_side else SERVER


class Datagram(NamedTuple):
    """What came on a path, or what is left of it."""

    path: Path
    side: int
    ts: int
    frame: int
    data: bytes


class QuicFlow(SealedFlow):
    """A connection, by the flow it began on. `issued` are connection IDs since the last look, with who issued them."""

    def __init__(self, keys: KeyLog, sessions: Sessions, out: Plaintext) -> None:
        self.random = b""
        self.ended = False
        self.out = out
        self.path = Path(out)
        self.issued: list[tuple[bytes, int]] = []
        self.app = ""
        self._keys = keys
        self._queue: Queue[Datagram] = Queue()
        self._final = False
        self._last = (0, 0)
        self._begin(b"")

    @property
    def version(self) -> int:
        return self._version

    def _begin(self, origin: bytes) -> None:
        """A connection from its first packet on; `origin` is the destination connection ID of that."""
        self.random = b""
        self._senders = (Sender(), Sender())
        self._origin = origin
        self._version = 0
        self._initial: dict[int, tuple[PacketKeys, PacketKeys] | None] = {}  # by version
        self._offered: list[Suite] = []
        self._chosen: Suite | None = None
        self._alpn = b""

    @property
    def hopeless(self) -> bool:
        """So many packets failed that the keys cannot be right."""
        return self.out.in_vain >= IN_VAIN

    def take(self, side: int, ts: int, frame: int, lost: int, data: bytes) -> None:
        """A datagram of the flow it began on."""
        self.arrive(Datagram(self.path, side, ts, frame, data))

    def arrive(self, datagram: Datagram) -> None:
        """A datagram of any path."""
        if self._queue and not _is_initial(datagram.data):
            self._wait(datagram)
            return
        rest = self._run(datagram)
        if rest is not None:
            self._wait(rest)
        elif self._queue:
            self.resume()

    def resume(self) -> bool:
        """Go on with what waits, if the keys are there by now; False while they are not."""
        while self._queue:
            rest = self._run(self._queue.take())
            if rest is not None:
                self._queue.put_back(rest, len(rest.data))
                self._no_hello()
                return False
        return True

    def finish(self) -> None:
        """No more keys will come: open what can be opened, count the rest."""
        self._final = True
        self.resume()

    def close(self) -> None:
        """Forget keys and what waits; the readers of its streams are told that it is over."""
        self._queue.clear()
        for role, sender in enumerate(self._senders):
            for stream, row in sender.streams.flush():
                self._tell(role, stream, row, *self._last)
            sender.keys.clear()
        if self.app:
            self.out.tell("frames", self.app, 0, *self._last, -1, b"", OVER)
        self._initial.clear()
        self.out.close(*self._last)

    # --- packets ---

    def _wait(self, datagram: Datagram) -> None:
        self._queue.put(datagram, len(datagram.data))
        self._no_hello()

    def _no_hello(self) -> None:
        if not self.random:
            self.out.reason = NO_HELLO

    def _run(self, datagram: Datagram) -> Datagram | None:
        """Read its packets; what of it must wait."""
        path, side, data = datagram.path, datagram.side, datagram.data
        self._last = (datagram.ts, datagram.frame)
        while data and (data[0] or data.strip(b"\0")):  # a fixed bit of 0 may be grease (RFC 9287), zeros are padding
            try:
                header = wire.long_header(data) if data[0] & wire.LONG else self._short(path.role(side), data)
                self._packet(datagram, header, data[: header.size])
            except hs.Broken:
                break
            except Stalled:
                return datagram._replace(data=data)
            data = data[header.size :]
        return None

    def _short(self, role: int, data: bytes) -> wire.Header:
        """Its length is not in it; the receiver knows its own connection IDs (RFC 9000 section 17.3.1)."""
        size = self._senders[1 - role].cid_size(data[1 : 1 + wire.CID_MOST])
        if size < 0 and not self._final:
            raise Stalled
        size = max(size, 0)
        return wire.Header(wire.ONE_RTT, self._version, data[1 : 1 + size], b"", 1 + size, len(data))

    def _packet(self, datagram: Datagram, header: wire.Header, packet: bytes) -> None:
        """Open one packet and read it. Raises Stalled."""
        if header.kind in (wire.NEGOTIATION, wire.RETRY):
            return  # what the client answers begins anew
        path = datagram.path
        try:
            if header.kind == wire.INITIAL:
                plain = self._open_initial(datagram, header, packet)
            else:
                plain = self._open(path.role(datagram.side), header, packet)
        except Unverified as e:
            path.out.fail(str(e) or "a packet did not verify")
            return
        role = path.role(datagram.side)
        sender = self._senders[role]
        if header.kind != wire.ONE_RTT:
            if sender.add_cid(0, header.scid):
                self.issued.append((header.scid, role))
            if role == SERVER:
                self._version = header.version
        if header.kind != wire.INITIAL:
            path.out.opened()
            path.out.origin = self.out.origin
            path.proven = True
        try:
            for found in wire.frames(plain):
                self._frame(datagram, role, header.kind, found)
        except hs.Broken:
            path.out.fail("a packet has frames that are not known")

    def _open_initial(self, datagram: Datagram, header: wire.Header, packet: bytes) -> bytes:
        """Its keys come from the client's first destination connection ID. A client's packet that opens with the one it
        has itself begins a connection: at first, after a Retry, after a Version Negotiation."""
        path, side = datagram.path, datagram.side
        if self._origin:
            if header.version not in self._initial and len(self._initial) < 4:
                self._initial[header.version] = initial_keys(header.version, self._origin)
            pair = self._initial.get(header.version)
            try:
                return self._opened(path.role(side), [pair[path.role(side)]] if pair else [], header, packet)
            except Unverified:
                if side != path.client_side:
                    raise
        pair = initial_keys(header.version, header.dcid)
        try:
            if pair is None:
                raise Unverified("a version that is not known")
            number, plain = pair[CLIENT].open(packet, header.number_at, 0)
        except Unverified:
            if self._origin or self._final:
                raise
            raise Stalled from None
        self._begin(header.dcid)
        self._version = header.version
        self._initial[header.version] = pair
        path.client_side = side
        self._senders[CLIENT].saw(wire.INITIAL, number)
        return plain

    def _open(self, role: int, header: wire.Header, packet: bytes) -> bytes:
        """A packet under keys that the key log has. Raises Stalled while it may still come to have them."""
        sender = self._senders[role]
        at = (header.kind, header.version)
        if at not in sender.keys:
            made = self._made(role, header)
            if made is None:
                if self._final:
                    raise Unverified(NO_KEYS if self.random else NO_HELLO)
                raise Stalled
            sender.keys[at] = made
        return self._opened(role, sender.keys[at], header, packet)

    def _opened(self, role: int, keys: list[PacketKeys], header: wire.Header, packet: bytes) -> bytes:
        """With the first of these that fits; it is the only one from then on."""
        sender = self._senders[role]
        for each in keys:
            try:
                number, plain = each.open(packet, header.number_at, sender.following(header.kind))
            except Unverified:
                continue
            if len(keys) > 1:
                sender.keys[header.kind, header.version] = [each]
            sender.saw(header.kind, number)
            return plain
        raise Unverified

    def _made(self, role: int, header: wire.Header) -> list[PacketKeys] | None:
        """Keys for each suite that is possible; None when no secret is there, and one may come."""
        secrets = self._keys.of(self.random) if self.random else None
        if secrets is None:
            return None
        self.out.origin = secrets.origin
        secret = secrets.get(LABELS[header.kind][role])
        if secret is None:
            later = secrets.get(LABELS[wire.ONE_RTT][role])
            return [] if later is not None else None
        suites = [self._chosen] if self._chosen and header.kind != wire.EARLY else self._offered
        digest = {32: "sha256", 48: "sha384"}[len(secret)]
        return [PacketKeys(suite, secret, header.version) for suite in suites if suite.digest == digest]

    # --- frames ---

    def _frame(self, datagram: Datagram, role: int, level: int, found: wire.Frame) -> None:
        sender, out = self._senders[role], datagram.path.out
        kind = found.kind
        if kind == wire.CRYPTO:
            for message in sender.handshake(level, found.number, found.data):
                self._message(role, level, message[0], message[4:])
        elif kind in (wire.CLOSE, wire.APPLICATION_CLOSE):
            out.close_reason(found.number.to_bytes(8, "big") + bytes((role,)) + found.data[:REASON_MOST])
        elif level in (wire.INITIAL, wire.HANDSHAKE):
            return
        elif kind == wire.STREAM:
            out.opened(len(found.data))
            for stream, row in sender.streams.put(found.stream, found.number, found.data, found.fin):
                self._tell(role, stream, row, datagram.ts, datagram.frame)
        elif kind == wire.RESET_STREAM:
            if sender.streams.reset(found.stream):
                self._tell(role, found.stream, None, datagram.ts, datagram.frame)
        elif kind == wire.NEW_CONNECTION_ID:
            if sender.add_cid(found.number, found.data):
                self.issued.append((found.data, role))
        elif kind == wire.RETIRE_CONNECTION_ID:
            self._senders[1 - role].drop_cid(found.number)
        elif kind == wire.DATAGRAM:
            out.opened(len(found.data))

    def _tell(self, role: int, stream: int, row: Row | None, ts: int, frame: int) -> None:
        """A stream's next bytes, or (without) that it was reset."""
        if not self.app:
            self.app = _app_of(self._alpn)
        side = self.path.client_side if role == CLIENT else 1 - self.path.client_side
        extra = FROM_CLIENT if role == CLIENT else 0
        data = b""
        if row is None:
            extra |= RESET
        else:
            data = row.data
            extra |= (FIN if row.fin else 0) | row.missing << MISSING_SHIFT
        self.out.tell("frames", self.app, side, ts, frame, stream, data, extra)

    def _message(self, role: int, level: int, kind: int, body: bytes) -> None:
        """A handshake message, as far as keys and names depend on it."""
        try:
            if level == wire.INITIAL and role == CLIENT and kind == hs.CLIENT_HELLO and not self.random:
                hello = hs.client_hello(body)
                self.random = hello.random
                self.out.reason = NO_KEYS
                self._offered = [suite for number in hello.suites if is_tls13(number) and (suite := suite_of(number))]
                self._alpn = next(iter(hs.offered_alpn(body)), b"")
            elif level == wire.INITIAL and role == SERVER and kind == hs.SERVER_HELLO:
                answer = hs.server_hello(body)
                if not answer.retry:
                    self._chosen = suite_of(answer.suite)
            elif level == wire.HANDSHAKE and role == SERVER:
                self._certified(kind, body)
        except hs.Broken:
            return

    def _certified(self, kind: int, body: bytes) -> None:
        if kind == hs.ENCRYPTED_EXTENSIONS:
            chosen = hs.chosen_alpn(body)
            self._alpn = chosen or self._alpn
            self.out.alpn(chosen)
        elif kind == hs.CERTIFICATE:
            self.out.certificate(hs.leaf_certificate(body))
        elif kind == hs.COMPRESSED_CERT:
            self.out.certificate(hs.leaf_certificate(hs.inflated_certificate(body)))


def _is_initial(data: bytes) -> bool:
    """Does the datagram begin with an Initial? What that says does not wait for anything."""
    try:
        return bool(data) and data[0] & wire.LONG != 0 and wire.long_header(data).kind == wire.INITIAL
    except hs.Broken:
        return False


def _app_of(alpn: bytes) -> str:
    """Who reads the streams (frames.py): also of the drafts, "h3-29" and "doq-i02"."""
    name = alpn.partition(b"-")[0]
    return {b"h3": "http3", b"doq": "doq"}.get(name, "quic")
