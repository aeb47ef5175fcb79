"""The fields of each protocol: on real captures, beside tshark's, and on what somebody made of them."""

from __future__ import annotations

import functools
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from fuzz_dissect import check
from netwatch_command import COMMAND, ENVIRONMENT
from test_dissect import CAPTURES, first, flat, frames, plain

from netwatch._fast.out.protocols import DESCRIBING
from netwatch._fast.proto.common.layout import Ber, Choice, Field, Layout, Lines, Part
from netwatch.dissect import Frame, dissect, summary
from netwatch.dissect.layout import layout_of

NAMES = sorted(path.stem for path in CAPTURES.glob("*.pcap"))
ELSEWHERE = {"tls", "http", "dns", "mdns", "llmnr"}  # modules of netwatch.dissect of their own
LOWER = ("eth.", "ip.", "ipv6.", "tcp.", "udp.", "frame.", "tls.", "dns.", "http.", "arp.", "icmp", "vlan.", "sll.")
# shown in another form, or by another decision: what the bytes are is the same
OTHERWISE = {
    "amqp.channel", "cotp.eot", "cotp.type", "cql.direction", "cql.stream", "cql.version", "dhcp.cookie",
    "dtls.record.sequence_number", "git.data", "git.length", "http2.flags.eh", "http2.flags.end_stream",
    "http2.flags.priority", "http2.magic", "imap.line", "imap.request", "imap.request_tag", "imap.response",
    "imap.response_tag", "irc.request.trailer", "irc.response.command", "irc.response.trailer", "kafka.correlation_id",
    "kafka.api_key", "memcache.extras", "mqtt.properties", "mqtt.willmsg", "mysql.caps.client", "mysql.salt",
    "mysql.sqlstate", "mysql.unused", "nbns.name", "ntp.rec", "ntp.refid", "ntp.reftime", "ntp.rootdelay",
    "ntp.rootdispersion", "ntp.xmt", "openvpn.sessionid", "pgsql.key", "pgsql.status", "pgsql.type", "quic.short",
    "resp.bulk_string.value", "rsync.hdr_version", "smb.server_component", "smb2.client_guid", "smb2.fid",
    "smb2.protocol_id", "smb2.server_guid", "snmp.data", "socks.version", "ssh.kex_algorithms",
    "ssh.server_host_key_algorithms", "stun.att.ipv4-xord", "stun.att.port-xord", "stun.cookie", "syslog.msg",
    "syslog.msgid", "syslog.timestamp", "telnet.data", "udpencap.non_esp_marker", "vnc.padding", "wg.ephemeral",
    "dhcp.option.value", "bgp.nlri_prefix",
}


@functools.cache
def known(name: str) -> tuple[Frame, ...]:
    """The frames of a capture with what their flows turn out to be."""
    run = subprocess.run([*COMMAND, "read", str(CAPTURES / f"{name}.pcap"), "--what", "flows,packets"], text=True,
                         capture_output=True, check=True, env=ENVIRONMENT, timeout=120)
    apps, flows = {}, {}
    for record in map(json.loads, run.stdout.splitlines()):
        if record["schema"] == "netwatch.flow/1":
            apps[record["id"]] = record.get("app", "")
        else:
            flows[record["n"]] = record.get("flow", 0)
    return tuple(frame._replace(app=apps.get(flows.get(frame.number, 0), "")) for frame in frames(name))


def fields(of: tuple[Field, ...] | list[Field]) -> None:
    assert isinstance(of, tuple | list)
    for each in of:
        if isinstance(each, Part):
            fields(list(each.fields))
        elif isinstance(each, Choice):
            for case in (*each.cases.values(), each.other):
                assert not isinstance(case, Part | Choice | Ber | Lines)
                fields(list(case))


@pytest.mark.parametrize("app", sorted(DESCRIBING))
def test_every_protocol_has_fields(app: str) -> None:
    layout = layout_of(app)
    assert (layout is None) == (app in ELSEWHERE)
    if layout is not None:
        assert isinstance(layout, Layout) and layout.fields
        fields(list(layout.fields))


MATCHING = """
import re, sys
for start in ("", "<", "<?xml ", "PROXY ", "<1>1 ", "a ", ":a ", "get ", "VALUE ", "GET ", "SIP/2.0 ", "cseq:", "200"):
    for unit in ("a", " ", "0", "a ", "a:", "<", "-", "A", ".", "<?xml>", "\\t", "0 ", "a=", "\\0"):
        re.match(sys.argv[1].encode(), (start + unit * (400000 // len(unit))).encode())
"""


def patterns(of: tuple[Field, ...] | list[Field]) -> Iterator[bytes]:
    for each in of:
        if isinstance(each, Part):
            yield from patterns(list(each.fields))
        elif isinstance(each, Choice):
            for case in (*each.cases.values(), each.other):
                yield from patterns(list(case))
        elif isinstance(each, Lines):
            yield from (pattern for pattern, _ in each.patterns)


def test_no_long_line_is_looked_at_for_long() -> None:
    """A pattern that tries every split of a line takes hours of these, one that does not a moment."""
    layouts = [layout for app in DESCRIBING if (layout := layout_of(app)) is not None]
    for pattern in sorted({each for layout in layouts for each in patterns(list(layout.fields))}):
        subprocess.run([sys.executable, "-c", MATCHING, pattern.decode()], check=True, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_is_understood(name: str) -> None:
    """Of each protocol in it, some frames have fields; none that has no cut is said to be damaged."""
    told, carried = Counter[str](), Counter[str]()
    for frame in known(name):
        layers = dissect(frame)
        transport = next((i for i, node in enumerate(layers) if node.name in ("tcp", "udp")), None)
        if not frame.app or transport is None or all(node.name == "trailer" for node in layers[transport + 1 :]):
            continue
        carried[frame.app] += 1
        told[frame.app] += any(each.name for node in layers[transport + 1 :] for each in flat(node.children))
        assert not any("is damaged]" in node.text for node in flat(layers)), frame.number
    closed = {"bittorrent", "dns", "openvpn", "tor", "tls", "ssh", "vnc", "http", "rsync"}  # or bodies, or in parts
    for app, count in carried.items():
        assert told[app] >= (1 if app in closed else count * 0.6), (app, told[app], count)


@pytest.mark.parametrize("name", NAMES)
def test_cut_and_changed(name: str) -> None:
    """Frames cut short, changed in some bytes, and taken for what they are not."""
    chance = random.Random(name)
    of_app: dict[str, list[Frame]] = {}
    for frame in known(name):
        of_app.setdefault(frame.app, []).append(frame)
    for those in of_app.values():
        for frame in chance.sample(those, min(5, len(those))):
            for size in range(0, len(frame.data), 1 + len(frame.data) // 60):
                check(frame._replace(data=frame.data[:size]))
            for _ in range(40):
                data = bytearray(frame.data)
                for _ in range(chance.choice((1, 2, 5))):
                    data[chance.randrange(min(34, len(data) - 1), len(data))] = chance.choice((0, 1, 127, 128, 255))
                app = chance.choice((frame.app, chance.choice(list(DESCRIBING))))
                check(frame._replace(data=bytes(data), app=app))


@functools.cache
def theirs() -> frozenset[str]:
    run = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, timeout=120, check=True)
    return frozenset(line.split("\t")[2] for line in run.stdout.splitlines() if line.startswith("F\t"))


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_tshark_has_the_same_fields(name: str) -> None:
    """Of each field that both have in a frame, the first."""
    found = []
    for frame in known(name):
        ours: dict[str, object] = {}
        for node in flat(dissect(frame)[1:]):
            if node.value is not None and not node.name.startswith(LOWER):
                ours.setdefault(node.name, node.value)
        found.append(ours)
    asked = sorted({field for ours in found for field in ours} & theirs() - OTHERWISE)
    words = [word for field in asked for word in ("-e", field)]
    if not asked:
        return
    run = subprocess.run(["tshark", "-r", str(CAPTURES / f"{name}.pcap"), "-T", "json", *words], capture_output=True,
                         text=True, timeout=120, check=True)
    for number, (ours, each) in enumerate(zip(found, json.loads(run.stdout), strict=True), 1):
        for field, values in each["_source"].get("layers", {}).items():
            if field in ours:
                assert alike(ours[field]) == alike(values[0]), (number, field)


def alike(value: object) -> object:
    """Yes and no as numbers, bytes without colons."""
    number = plain({"True": 1, "False": 0}.get(str(value), value))
    return number.replace(":", "").lower() if isinstance(number, str) else number


def test_words_of_a_message() -> None:
    assert [summary(dissect(frame)) for frame in known("modbus") if frame.number in (4, 12)] == [
        "Modbus: read holding registers, unit 1, transaction 1", "Modbus: write single register, unit 1, transaction 4"]
    assert "BGP: UPDATE, KEEPALIVE" in [summary(dissect(frame)) for frame in known("bgp")]
    reply = next(dissect(frame) for frame in known("dhcp") if frame.number == 3)
    assert first(reply, "dhcp.option.dhcp").text == "Message: offer (2)"


def test_neighbours_tell_their_names() -> None:
    def tlv(kind: int, value: bytes) -> bytes:
        return (kind << 9 | len(value)).to_bytes(2, "big") + value

    tlvs = tlv(1, b"\4\2\0\0\0\0\1") + tlv(2, b"\5eth3") + tlv(3, b"\0x") + tlv(5, b"core-1") + tlv(0, b"")
    layers = dissect(Frame(bytes(12) + b"\x88\xcc" + tlvs, 1, 14 + len(tlvs)))
    assert summary(layers) == "LLDP: core-1 02:00:00:00:00:01, port eth3"
    assert first(layers, "lldp.time_to_live").value == 120
    body = b"\2\xb4\0\0" + b"\0\1\0\x08edge" + b"\0\3\0\x09Gi0/1" + b"\0\x0a\0\6\0\x2a"
    told = b"\xaa\xaa\3\0\0\x0c\x20\0" + body
    layers = dissect(Frame(bytes(12) + len(told).to_bytes(2, "big") + told, 1, 14 + len(told)))
    assert summary(layers) == "CDP: edge, port Gi0/1"
    assert first(layers, "cdp.native_vlan").value == 42
    tree = b"\x42\x42\3" + bytes(4) + b"\0" + b"\x80\0\2\0\0\0\0\1" + b"\0\0\0\4" + bytes(18)
    layers = dissect(Frame(bytes(12) + len(tree).to_bytes(2, "big") + tree, 1, 14 + len(tree)))
    assert summary(layers) == "STP: STP configuration, root 02:00:00:00:00:01, cost 4"
