"""IPFIX over TLS (RFC 7011 section 10.4): a collector that opens it and hands each message to nfcapd."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from agentspace import Space, certified, collected, needs, nfcapd, records, until

# opens TLS, hands each message on in a datagram of its own, and notes how long they are
RELAY = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listening, onward = socket.create_server(("127.0.0.1", 4740)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
open(sys.argv[3], "w").close()
while True:
    plain, _ = listening.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as told, open(sys.argv[3], "a") as out:
            data = b""
            while more := told.recv(65536):
                data += more
                while len(data) >= 4 and len(data) >= (size := int.from_bytes(data[2:4], "big")):
                    onward.sendto(data[:size], ("127.0.0.1", 9995))
                    data = data[size:]
                    print(size, file=out, flush=True)
    except OSError:
        pass
"""


@needs("ip", "nfcapd", "nfdump", "openssl")
def test_what_comes_by_tls_is_what_the_log_has(space: Space, tmp_path: Path) -> None:
    """To a collector whose certificate is in agent.ca, at the usual port; a stranger is told nothing."""
    (key, cert), got, log = certified(tmp_path), tmp_path / "got", tmp_path / "log"
    program = nfcapd(space, tmp_path / "flows", 9995)
    space.start(sys.executable, "-c", RELAY, cert, key, got)
    until(got.exists)
    words = ("--ipfix", "tls://127.0.0.1", "--what", "flows", "--where", "app == http")
    stranger = space.agent(*words)
    space.talk(1)
    time.sleep(1)
    space.over(stranger)
    assert got.read_text() == ""
    agent = space.agent(*words, "--log", log, "--set", f"agent.ca={cert}")
    space.talk(5)
    space.over(agent)
    ours = records(log)
    assert len(ours) == 5
    collected(program, tmp_path / "flows", ours)
