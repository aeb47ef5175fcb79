"""Two TLS peers of the `ssl` module joined in memory: what each says, and the key log of it."""

from __future__ import annotations

import contextlib
import datetime
import functools
import ssl
import tempfile
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

NAME = "peer.example"
NO_ETM = 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC of OpenSSL
NO_EMS = 1 << 0  # SSL_OP_NO_EXTENDED_MASTER_SECRET
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3}

Said = list[tuple[int, bytes]]  # side (0 the client), bytes as they left it


@functools.cache
def identity(kind: str) -> tuple[bytes, bytes]:
    """(PEM of certificate and key, DER of the key) of a server called NAME."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    began = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(began).not_valid_after(began + datetime.timedelta(9999))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False).sign(key, hashes.SHA256()))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = cert.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *plain)
    return pem, key.private_bytes(serialization.Encoding.DER, *plain)


class Peers:
    """A client's and a server's settings; connections made of them may resume each other."""

    def __init__(self, version: str = "1.3", suites: str = "", options: int = 0, kind: str = "rsa") -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name, "keys")
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname, self.client.verify_mode = False, ssl.CERT_NONE
        self.client.keylog_filename = str(self._log)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as both:
            both.write(identity(kind)[0])
            both.flush()
            self.server.load_cert_chain(both.name)
        for each in (self.client, self.server):
            each.set_ciphers(f"{suites or 'ALL'}:@SECLEVEL=0")
            with warnings.catch_warnings():  # that TLS 1.0 is old is no news
                warnings.simplefilter("ignore", DeprecationWarning)
                each.minimum_version = each.maximum_version = VERSIONS[version]
            each.options |= options
        self.session: ssl.SSLSession | None = None

    def keys(self) -> list[bytes]:
        """The lines of the key log so far, of all connections."""
        return [line for line in self._log.read_bytes().splitlines() if not line.startswith(b"#")]

    def talk(self, turns: Said, resume: bool = False) -> Said:
        """Handshake, say the turns in their order, close. What went over the wire, each flight in one piece."""
        bios = [ssl.MemoryBIO() for _ in range(4)]
        ends = (self.client.wrap_bio(bios[0], bios[1], server_hostname=NAME, session=self.session if resume else None),
                self.server.wrap_bio(bios[2], bios[3], server_side=True))
        said: Said = []

        def carry() -> None:
            for side, (source, target) in enumerate(((bios[1], bios[2]), (bios[3], bios[0]))):
                data = source.read()
                if data:
                    target.write(data)
                    said.append((side, data))

        for _ in range(3):
            for end in ends:
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                carry()
        for side, data in turns:
            ends[side].write(data)
            carry()
            with contextlib.suppress(ssl.SSLWantReadError):
                while ends[1 - side].read(65536):
                    pass
            carry()
        self.session = ends[0].session
        for end in ends:
            with contextlib.suppress(ssl.SSLError):
                end.unwrap()
            carry()
        return said
