"""A handshake up to (D)TLS 1.2: from what both sides said to the keys of their records (RFC 5246 sections 6.3 and 8.1).

The master secret comes from the key log, from a premaster secret there, or from an earlier connection that this one
resumes by session ID or ticket.
"""

from __future__ import annotations

import collections

from netwatch.decrypt import handshake as hs
from netwatch.decrypt import keylog
from netwatch.decrypt.keylog import KeyLog, wipe
from netwatch.decrypt.records import Protection, protection12
from netwatch.decrypt.secrets import key_block, master_secret, prf, transcript_hash
from netwatch.decrypt.suites import Suite, suite_of

SESSIONS_MOST = 16_384  # resumable sessions whose master secrets are held; the oldest makes room
TRANSCRIPT_MOST = 262_144  # bytes of handshake messages kept for the session hash
RSA_OWNER = 8  # bytes of the encrypted premaster secret that a key log line names
VERSIONS = {0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2"}
NEW = (0x0303, 0xFEFD)  # versions whose PRF is the suite's


class Unsupported(Exception):
    """What was agreed on cannot be opened here; str() says what."""


class Sessions:
    """Master secrets by session ID and by ticket."""

    def __init__(self) -> None:
        self._known: collections.OrderedDict[bytes, bytearray] = collections.OrderedDict()

    def remember(self, name: bytes, master: bytearray) -> None:
        if name and name not in self._known:
            if len(self._known) >= SESSIONS_MOST:
                wipe(self._known.popitem(last=False)[1])
            self._known[name] = bytearray(master)

    def master(self, name: bytes) -> bytearray | None:
        return self._known.get(name) if name else None

    def close(self) -> None:
        for master in self._known.values():
            wipe(master)
        self._known.clear()


class Exchange:
    """One handshake. Messages are taken in the order they were sent; keys can be had after the server's hello."""

    def __init__(self, keys: KeyLog, sessions: Sessions, dtls: bool = False) -> None:
        self.origin = ""
        self.client: hs.ClientHello | None = None
        self.server: hs.ServerHello | None = None
        self._keys = keys
        self._sessions = sessions
        self._dtls = dtls
        self._premaster = b""
        self._ticket = b""
        self._transcript = bytearray()
        self._master: bytearray | None = None

    def take(self, kind: int, body: bytes, message: bytes) -> None:
        """A message: its body, and as it goes into the transcript. Raises Broken."""
        if kind == hs.CLIENT_HELLO:
            self._begin(hs.client_hello(body, self._dtls))
        if kind != hs.HELLO_REQUEST and not self._premaster and len(self._transcript) < TRANSCRIPT_MOST:
            self._transcript += message
        if kind == hs.SERVER_HELLO:
            self.server = hs.server_hello(body)
        elif kind == hs.CLIENT_KEY_EXCHANGE:
            self._premaster = hs.encrypted_premaster(body) or b"-"
        elif kind == hs.NEW_TICKET and len(body) >= 6:
            self._ticket = hs.Wire(body[4:]).block(2)
            self._remember()

    def protections(self) -> tuple[Protection, Protection] | None:
        """(client's, server's) new protection; None while the keys are not known. Raises Unsupported."""
        if self.client is None or self.server is None:
            raise Unsupported("a hello was not seen")
        suite, version = suite_of(self.server.suite), self.server.version
        if version not in VERSIONS:
            raise Unsupported("the version is not supported")
        if suite is None or self.server.compression > 1:
            raise Unsupported("the cipher suite is not supported")
        digest = suite.digest if version in NEW else "md5-sha1"
        master = self._find_master(digest)
        if master is None:
            return None
        self._master = bytearray(master)
        self._remember()
        macs, keys, ivs = self._key_block(suite, version, digest, master)
        etm = self.server.etm
        try:
            made = [protection12(suite, version, keys[i], ivs[i], macs[i], etm) for i in range(2)]
        except ValueError as e:
            raise Unsupported(str(e)) from e
        return made[0], made[1]

    def close(self) -> None:
        """Forget the master secret; what the sessions remember stays."""
        if self._master is not None:
            wipe(self._master)
            self._master = None

    def _begin(self, client: hs.ClientHello) -> None:
        """Another handshake on the same connection starts anew; the second hello of one is the same client's."""
        self.client, self.server = client, None
        self._premaster = self._ticket = b""
        self._transcript.clear()
        self.close()

    def _remember(self) -> None:
        if self._master is not None and self.server is not None:
            self._sessions.remember(self.server.session_id, self._master)
            self._sessions.remember(self._ticket, self._master)

    def _find_master(self, digest: str) -> bytearray | None:
        assert self.client is not None
        assert self.server is not None
        for owner, label in ((self.client.random, keylog.MASTER), (self.server.session_id, keylog.SESSION)):
            found = self._take(owner, label)
            if found is not None:
                return found
        premaster = self._take(self.client.random, keylog.PREMASTER)
        if premaster is None and len(self._premaster) >= RSA_OWNER:
            premaster = self._take(self._premaster[:RSA_OWNER], keylog.RSA)
        if premaster is not None:
            agreed = transcript_hash(digest, self._transcript) if self.server.ems else None
            return master_secret(digest, premaster, self.client.random, self.server.random, agreed)
        if self.server.session_id and self.server.session_id == self.client.session_id:
            return self._sessions.master(self.client.ticket) or self._sessions.master(self.server.session_id)
        return None

    def _key_block(self, suite: Suite, version: int, digest: str, master: bytearray) -> list[tuple[bytes, bytes]]:
        """MAC keys, keys and IVs, each the client's and the server's."""
        assert self.client is not None
        assert self.server is not None
        randoms = self.client.random + self.server.random
        export = suite.material < suite.key
        sizes = (suite.mac_bytes, suite.material, 0 if export else suite.fixed_iv)
        block = key_block(digest, master, self.client.random, self.server.random, 2 * sum(sizes))
        parts, at = [], 0
        for size in sizes:
            parts.append((block[at : at + size], block[at + size : at + 2 * size]))
            at += 2 * size
        if export:  # RFC 2246 section 6.3.1
            names = (b"client write key", b"server write key")
            parts[1] = (prf(digest, parts[1][0], names[0], randoms, suite.key),
                        prf(digest, parts[1][1], names[1], randoms, suite.key))
            ivs = prf(digest, b"", b"IV block", randoms, 2 * suite.fixed_iv)
            parts[2] = (ivs[: suite.fixed_iv], ivs[suite.fixed_iv:])
        return parts

    def _take(self, owner: bytes, label: str) -> bytearray | None:
        secrets = self._keys.of(owner) if owner else None
        found = secrets.get(label) if secrets else None
        if found is not None and secrets is not None:
            self.origin = secrets.origin
        return found
