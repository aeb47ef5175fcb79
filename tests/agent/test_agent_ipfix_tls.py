"""IPFIX over TLS (RFC 7011 section 10.4): a collector that opens it and hands each message to nfcapd."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from agentspace import Space, certified, needs, records, until

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
    (tmp_path / "flows").mkdir()
    (key, cert), got, log = certified(tmp_path), tmp_path / "got", tmp_path / "log"
    collector = space.start("nfcapd", "-w", tmp_path / "flows", "-p", "9995", "-b", "127.0.0.1")
    space.start(sys.executable, "-c", RELAY, cert, key, got)
    until(got.exists)
    time.sleep(1)
    words = ("--ipfix", "tls://127.0.0.1", "--what", "flows", "--where", "app == http")
    stranger = space.agent(*words)
    space.talk(1)
    time.sleep(1)
    space.over(stranger)
    assert got.read_text() == ""
    agent = space.agent(*words, "--log", log, "--set", f"agent.ca={cert}")
    space.talk(5)
    space.over(agent)
    time.sleep(1)
    collector.send_signal(signal.SIGTERM)
    collector.communicate(timeout=20)
    said = subprocess.run(["nfdump", "-R", str(tmp_path / "flows"), "-o", "json"], capture_output=True, text=True)
    theirs, ours = json.loads(said.stdout), records(log)
    assert len(ours) == 5
    assert len(theirs) == 10, "a record for each direction"
    for name, key_of in (("packets", "in_packets"), ("bytes", "in_bytes")):
        sent = sum(int(r[f"{name}_{way}"]) for r in ours for way in ("out", "in"))  # type: ignore[call-overload]
        assert sum(each[key_of] for each in theirs) == sent
