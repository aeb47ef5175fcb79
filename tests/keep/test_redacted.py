"""What a redacted bundle does not have: no name, address or MAC that the bundle had is left in any of its files."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from evidence_files import ROOT
from netwatch_command import Run
from private_texts import LEAST, private

from netwatch.privacy.redactor import MASKED, Redactor, classes
from netwatch.privacy.tokens import Sealed
from netwatch.schema import Privacy

CAPTURES = ROOT / "tests" / "captures"
KINDS = ("flow", "packet", "dns", "http", "tls", "alert", "summary")
WORDS = {"cassandra", "postgres", "DTLS"}  # what is called like its protocol, or its label is


@pytest.mark.parametrize("name", ["http", "https2", "ftp", "imap", "irc", "smtp", "tftp", "smb", "dhcp", "mdns", "snmp",
                                  "sip", "rtsp", "ssdp", "http2-clear", "postgresql", "tls-client-certificate"])
def test_nothing_private_is_left(netwatch: Run, tmp_path: Path, name: str) -> None:
    keys = CAPTURES / f"{name}.keys"
    words = ("--keylog", keys) if keys.exists() else ()
    assert netwatch("bundle", "make", *words, CAPTURES / f"{name}.pcap", tmp_path / "b").returncode == 0
    assert netwatch("bundle", "redact", tmp_path / "b", tmp_path / "r").returncode == 0
    found: set[str] = set()
    for path in (tmp_path / "b").glob("*.ndjson"):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            found |= set(private(record, "", record["schema"].removeprefix("netwatch.").partition("/")[0]))
    found -= WORDS | {MASKED}
    assert any(len(each) >= LEAST for each in found)
    texts = {path.name: path.read_text() for path in (tmp_path / "r").iterdir()}
    assert "packets.pcapng" not in texts
    left = [(each, where) for each in found if len(each) >= LEAST for where, text in texts.items()
            if re.search(rf"(?<![\w.-]){re.escape(json.dumps(each, ensure_ascii=False)[1:-1])}(?![\w.-])", text)]
    assert not left
    assert f"{name}.pcap" not in "".join(texts.values())


@pytest.mark.parametrize("profile", ["names", "names,macs", "names,addresses"])
@pytest.mark.parametrize("name", ["dns", "mdns"])
def test_names_are_replaced_whatever_else_is(netwatch: Run, tmp_path: Path, name: str, profile: str) -> None:
    """In fields of addresses, too, where a name stands in the place of one."""
    assert netwatch("bundle", "make", CAPTURES / f"{name}.pcap", tmp_path / "b").returncode == 0
    assert netwatch("bundle", "redact", "--profile", profile, tmp_path / "b", tmp_path / "r").returncode == 0
    whole, texts = ("".join(path.read_text() for path in (tmp_path / each).glob("*.ndjson")) for each in "br")
    asked = set(re.findall(r"[a-z]+\.(?:lab\.example|local)", whole))
    assert asked and not [each for each in asked if each in texts]


TEXTS = ("\0", "\0" + "5", "\0-7", "\0abc", "\0 192.0.2.1 and 2001:db8::1", "5", "-7", "",
         "name-abcdefghijklmnopqrstuvwxyz234",
         "addr-" + "a" * 40, "192.0.2.1", "02:00:00:00:00:01", "é\u202e\x7f", "x" * 10_000 + "y",
         "x" * 10_000 + "z", "\0" + "9" * 5000, "a,192.0.2.1:5,b")


@pytest.mark.parametrize("profiles", [("addresses",), ("names",), ("macs",), ("addresses", "names", "macs")])
def test_what_is_undone_is_what_was(profiles: tuple[str, ...]) -> None:
    """Any text in any field: none is taken for a number, none is cut, none keeps the rest from coming back."""
    redactor = Redactor(Sealed(bytes(range(32))), profiles)
    secret = {path for kind in KINDS for path, privacy in classes(kind).items() if privacy is Privacy.SECRET}
    tried, chance = 0, random.Random(1)
    for kind in KINDS:
        for path in classes(kind):
            if path in secret or path == "schema":
                continue
            for value in chance.sample((*TEXTS, 7, 0, -1, 1 << 63, True, None, 1.5), 4):
                record: Any = value
                for key in reversed(path.split(".")):
                    record = {key: record}
                record = {"schema": f"netwatch.{kind}/1", **record}
                assert redactor.restored(redactor.record(record)) == record, (kind, path, value)
                tried += 1
    assert tried > 1000
    for text in TEXTS:
        record = {"schema": "netwatch.flow/1", "nobody": {f"k{text}": text}, "list": [text, 5, [text]]}
        assert redactor.restored(redactor.record(record)) == record


def test_whom_a_finding_hits_is_hidden_as_of_flows() -> None:
    """And what is said in words of ours is not."""
    process = {"pid": 7, "name": "curl", "cmdline": "curl -u me:secret", "uid": 1000, "user": "alice", "method": "ebpf",
               "parents": [{"pid": 1, "name": "bash"}]}
    redactor = Redactor(Sealed(bytes(64)))
    flow = redactor.record({"schema": "netwatch.flow/1", "process": process})
    finding = redactor.record({"schema": "netwatch.finding/1", "subject": {"process": process}})
    assert finding["subject"]["process"] == flow["process"] and flow["process"]["cmdline"] == MASKED
    assert flow["process"]["uid"] != 1000 and set(flow["process"]) == set(process)
    for record in ({"schema": "netwatch.expert/1", "group": "sequence", "protocol": "tcp", "summary": "reset (RST)"},
                   {"schema": "netwatch.diagnosis/1", "health": {"dns": {"unmeasured": "no DNS query was seen"}},
                    "kernel_drops": [{"reason": "no_socket", "meaning": "nobody listens", "count": 3}]}):
        assert redactor.record(record) == record
