"""TLS and DTLS by OpenSSL and GnuTLS: versions, resumption, client certificates, ALPN, alerts."""

from __future__ import annotations

from scenarios.table import scenario
from scenarios.world import SERVER, WWW, World


def serve(w: World, *more: str, does: str = "-rev") -> str:
    """openssl s_server, which gives each line back reversed; the CA's path."""
    ca, cert, key = w.certificates()
    w.server.start(
        "openssl",
        "s_server",
        "-accept",
        f"{SERVER}:4433",
        "-cert",
        cert,
        "-key",
        key,
        "-CAfile",
        ca,
        "-quiet",
        does,
        *more,
        tcp=4433,
    )
    return ca


def ask(w: World, ca: str, *more: str, check: bool = True) -> str:
    """openssl s_client sends a line, reads it back, and closes."""
    words = [
        "openssl",
        "s_client",
        "-connect",
        f"{SERVER}:4433",
        "-servername",
        WWW,
        "-CAfile",
        ca,
        "-keylogfile",
        str(w.keys),
        *more,
    ]
    return w.client.run("sh", "-c", '(echo "hello from the lab"; sleep 1) | "$@"', "-", *words, check=check)


@scenario("tls", "tcp port 4433")
def tls12(w: World) -> None:
    ask(w, serve(w, "-tls1_2"), "-alpn", "http/1.1")


@scenario("tls", "tcp port 4433")
def tls13(w: World) -> None:
    ask(w, serve(w, "-alpn", "h2"), "-tls1_3", "-alpn", "h2,http/1.1")


@scenario("tls", "tcp port 4433")
def tls12_resumption(w: World) -> None:
    """A session by ticket, another by its id."""
    ca = serve(w, "-tls1_2")
    kept = str(w.folder / "session")
    ask(w, ca, "-sess_out", kept)
    ask(w, ca, "-sess_in", kept)
    by_id = str(w.folder / "session2")
    ask(w, ca, "-no_ticket", "-sess_out", by_id)
    ask(w, ca, "-no_ticket", "-sess_in", by_id)


@scenario("tls", "tcp port 4433")
def tls13_resumption(w: World) -> None:
    ca = serve(w)
    kept = str(w.folder / "session")
    ask(w, ca, "-sess_out", kept)
    ask(w, ca, "-sess_in", kept)


@scenario("tls", "tcp port 4433")
def tls13_early_data(w: World) -> None:
    """A session, then another that begins with 0-RTT data."""
    ca = serve(w, does="-early_data")
    kept, early = str(w.folder / "session"), w.file("early.txt", "said before the handshake\n")
    ask(w, ca, "-sess_out", kept)
    ask(w, ca, "-sess_in", kept, "-early_data", early)


@scenario("tls", "tcp port 4433")
def tls13_retry(w: World) -> None:
    """The server wants another group: a HelloRetryRequest."""
    ask(w, serve(w, "-groups", "P-384"), "-groups", "X25519:P-384")


@scenario("tls", "tcp port 4433")
def tls_client_certificate(w: World) -> None:
    """In TLS 1.2, where it is seen, and in 1.3."""
    ca = serve(w, "-Verify", "1")
    mine = ["-cert", str(w.folder / "client.pem"), "-key", str(w.folder / "client.key")]
    ask(w, ca, "-tls1_2", *mine)
    ask(w, ca, "-tls1_3", *mine)


@scenario("tls", "tcp port 4433")
def tls_alerts(w: World) -> None:
    """A version that is not spoken, a certificate that is not trusted, a certificate that is not given."""
    ca = serve(w, "-tls1_3", "-Verify", "1")
    ask(w, ca, "-tls1_2", check=False)
    ask(w, ca, check=False)
    ask(w, str(w.folder / "client.pem"), "-verify_return_error", check=False)


@scenario("tls", "tcp port 4433")
def tls10(w: World) -> None:
    """TLS 1.0 with CBC: OpenSSL still speaks it when told to."""
    old = ("-tls1", "-cipher", "ALL:@SECLEVEL=0")
    ask(w, serve(w, *old), *old)


@scenario("tls", "tcp port 4433", "gnutls-cli gnutls-serv")
def tls_gnutls(w: World) -> None:
    """Another implementation, with a pre-shared key as well."""
    ca, cert, key = w.certificates()
    psk = w.file("psk.txt", "alice:0123456789abcdef0123456789abcdef\n")
    w.server.start(
        "gnutls-serv",
        "--echo",
        "--port=4433",
        f"--x509certfile={cert}",
        f"--x509keyfile={key}",
        f"--pskpasswd={psk}",
        "--priority=NORMAL:+DHE-PSK",
        tcp=4433,
    )
    cli = ["gnutls-cli", SERVER, "--port=4433", f"--sni-hostname={WWW}", "--logfile=/dev/null"]
    w.client.run(*cli, f"--x509cafile={ca}", "--verify-hostname=" + WWW, say="hello\n")
    w.client.run(
        *cli,
        "--pskusername=alice",
        "--pskkey=0123456789abcdef0123456789abcdef",
        "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+DHE-PSK",
        say="hello\n",
    )


@scenario("dtls", "udp port 4433")
def dtls12(w: World) -> None:
    """With a cookie; the handshake in small fragments."""
    ca, cert, key = w.certificates()
    w.server.start(
        "openssl",
        "s_server",
        "-accept",
        f"{SERVER}:4433",
        "-cert",
        cert,
        "-key",
        key,
        "-quiet",
        "-dtls1_2",
        "-listen",
        "-mtu",
        "500",
        udp=4433,
    )
    ask(w, ca, "-dtls1_2", "-mtu", "500")


@scenario("dtls", "udp port 4433")
def dtls12_psk(w: World) -> None:
    shared = ("-dtls1_2", "-psk", "0123456789abcdef", "-psk_identity", "sensor-7")
    w.server.start("openssl", "s_server", "-accept", f"{SERVER}:4433", "-nocert", "-quiet", *shared, udp=4433)
    words = ["openssl", "s_client", "-connect", f"{SERVER}:4433", *shared, "-keylogfile", str(w.keys)]
    w.client.run("sh", "-c", '(echo "23.5 C"; sleep 1) | "$@"', "-", *words)
