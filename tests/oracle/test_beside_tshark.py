"""What users asked for more of (certificates of clients, logins in HTTP, what is inside other protocols, odd forms of
old ones), beside what Wireshark's tshark reads of the same bytes. Where it reads nothing of them, nothing is compared.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from running import run_source
from wire import A4, B4, eth, ip4, pcap, spaced, udp

from netwatch.capture.file import open_files

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")


class Beside(NamedTuple):
    """Fields of records of one kind, and tshark's fields that have the same values."""

    kind: str
    ours: tuple[str, ...]
    fields: tuple[str, ...]
    options: tuple[str, ...] = ()


SHARED = {
    "tls12-mtls.pcap": Beside("flows", ("tls.client_cert.subject", "tls.cert.subject"), ("x509sat.uTF8String",),
                              ("-Y", "tls.handshake.type == 11")),
    "http-ntlm.pcap": Beside("flows", ("http.login.user", "http.login.domain", "http.login.workstation"),
                             ("ntlmssp.auth.username", "ntlmssp.auth.domain", "ntlmssp.auth.hostname")),
    "quic_grease_bit.pcap": Beside("flows", ("quic.sni",), ("tls.handshake.extensions_server_name",)),
    "sip-over-websocket.pcap": Beside("flows", ("sip.method",), ("sip.Method",)),
    "rtsp_interleaved.pcap": Beside("flows", ("rtsp.methods",), ("rtsp.method",)),
    "dns-tcp-5353.pcap": Beside("dns", ("questions.name",), ("dns.qry.name",), ("-d", "tcp.port==5353,dns")),
    "dns_no_question.pcap": Beside("dns", ("latency_us",), ("dns.time",)),
}
OPTIONS = b"\x63\x82\x53\x63\x35\1\1\x34\1\3\xff"
DHCP = struct.pack(">BBBBIHH", 1, 1, 6, 0, 7, 0, 0) + bytes(16) + b"\2\0\0\0\0\1" + bytes(10)
DHCP += b"\x0c\4host\xff".ljust(64, b"\0") + b"\x3c\6vendor\xff".ljust(128, b"\0") + OPTIONS
COA = struct.pack(">BBH", 43, 1, 25) + bytes(16) + b"\1\5bob"
CLASSIC = b"\1\1\0\x0c" + bytes(range(16)) + b"\0\1\0\x08\0\1\x11\x22\1\2\3\4"
MADE = {
    "options in the fields for names (RFC 2132 section 9.3)": (
        (68, 67, DHCP), Beside("flows", ("dhcp.hostname", "dhcp.vendor_class"),
                               ("dhcp.option.hostname", "dhcp.option.vendor_class_id"))),
    "a change of authorization (RFC 5176) on the port of old": (
        (40000, 1700, COA), Beside("flows", ("radius.user",), ("radius.User_Name",), ("-d", "udp.port==1700,radius"))),
    "STUN before its cookie (RFC 3489)": (
        (3478, 40000, CLASSIC), Beside("flows", ("stun.mapped",), ("classicstun.att.ipv4", "classicstun.att.port"))),
}


def flat(value: object) -> list[str]:
    return [text for each in value for text in flat(each)] if isinstance(value, list) else [str(value)]


def at(record: object, path: list[str]) -> list[str]:
    if isinstance(record, list):
        return [text for each in record for text in at(each, path)]
    if not path or not isinstance(record, dict):
        return [] if record is None else flat(record)
    return at(record.get(path[0]), path[1:])


def told(file: Path, beside: Beside) -> set[str]:
    records = run_source(open_files([str(file)]), (beside.kind,)).by_kind[beside.kind]
    return {text.removeprefix("CN=") for name in beside.ours for text in at(records, name.split("."))}


def told_by_tshark(file: Path, beside: Beside) -> set[str]:
    words = [word for field in beside.fields for word in ("-e", field)]
    done = subprocess.run(["tshark", "-r", file, *beside.options, "-T", "fields", "-E", "separator=\n", *words],
                          capture_output=True, text=True, timeout=60, check=True)
    return {text for line in done.stdout.splitlines() for text in line.split(",") if text}


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize("name", SHARED)
def test_shared_cases(name: str) -> None:
    ours, theirs = told(CASES / name, SHARED[name]), told_by_tshark(CASES / name, SHARED[name])
    if name == "dns_no_question.pcap":
        theirs = {str(round(float(each) * 1_000_000)) for each in theirs}
    assert ours == theirs != set()


@pytest.mark.parametrize("name", MADE)
def test_made_datagrams(name: str, tmp_path: Path) -> None:
    (sport, dport, data), beside = MADE[name]
    file = tmp_path / "made.pcap"
    file.write_bytes(pcap(spaced([eth(ip4(17, udp(sport, dport, data), A4, B4))])))
    theirs = told_by_tshark(file, beside)
    if "stun.mapped" in beside.ours:
        theirs = {":".join(sorted(theirs, key=lambda text: "." not in text))}
    assert told(file, beside) == theirs != set()
