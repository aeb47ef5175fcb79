"""The terminal's session with key logs: what it shows of a flow says that it was decrypted."""

from __future__ import annotations

import time

from opening import ANSWER, ASKED, HTTP, frames
from peers import Peers
from running import open_bytes
from wire import pcap

from netwatch.decrypt.decryptor import Decryptor
from netwatch.filter import Filter
from netwatch.model.contract import Purpose
from netwatch.run.session import Session


def test_shown_and_forgotten() -> None:
    peers = Peers("1.3")
    data = pcap(frames(peers.talk(HTTP)))
    decryptor = Decryptor()
    decryptor.keys.take_lines(peers.log(), "keylog")
    session = Session(Purpose(label="made"), lambda: open_bytes(data), given=lambda: [decryptor])
    session.start()
    end = time.monotonic() + 20
    while not session.health().done and time.monotonic() < end:
        time.sleep(0.01)
    flow = session.flow(1)
    assert flow
    assert flow["decrypt"] == {"keys": "keylog", "bytes": len(ASKED) + len(ANSWER)}
    assert flow["app_stack"] == ["tls", "http"]
    assert session.query(None, "id", False, 0, 10, True).rows[0]["decrypted"] is True
    for text, count in (("decrypted", 1), ("not decrypted", 0), ("decrypt.keys == keylog", 1),
                        ("decrypt.keys == dsb", 0), (f"decrypt.bytes == {len(ASKED) + len(ANSWER)}", 1),
                        ("decrypt.bytes > 100000", 0), ("decrypt.failed", 0), ("decrypt.reason", 0)):
        rows = session.query(Filter(text), "decrypt.bytes", True, 0, 10, True).rows
        assert len(rows) == count, text
    session.stop()
    assert len(decryptor.keys) == 0
