"""Lists that stand in records are whole, or a field beside them says how much is missing."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from running import Result, run
from wire import A4, B4, SECOND, START, eth, ip4, mpls, udp, vlan

from netwatch.schema import BY_NAME, FIELDS
from netwatch.store.settings import Settings

DATAGRAM = ip4(17, udp(4000, 5000, b"x"))
# a list that has no such field, and why it needs none
WHOLE = {
    "tunnel": "deeper ones are not entered: what they hold is the payload of the last",
    "tcp_flags_out": "eight there are", "tcp_flags_in": "eight there are",
    "app_stack": "each protocol once",
    "dns.flags": "seven there are", "notes": "each once",
    **{f"dns.questions.{part}": "dns.questions_more" for part in ("name", "type", "class")},
    **{f"dns.answers.{part}": "dns.answers_more" for part in ("name", "type", "section", "ttl", "data")},
    "process.parents.pid": "up to the first process", "process.parents.name": "up to the first process",
    "process.shared_with": "all of them",
    "alert.flows": "its first ones, says the field; alert.count", "alert.frames": "its first ones, says the field",
    "alert.tunnel": "as of a flow",
    "finding.flows": "its first ones, says the field; finding.count",
    "finding.frames": "its first ones, says the field",
    "finding.causes": "all of a rule", "finding.evidence": "all of a rule", "finding.consequences": "all of them",
    "host.names": "host.more_names", "host.services": "host.more_services", "host.clients": "host.more_clients",
}


def test_each_list_says_how_much_is_missing_or_is_whole() -> None:
    silent = {field.name for field in FIELDS if field.many
              and not {f"{field.name}_more", f"{field.name}_count"} & BY_NAME.keys()}
    assert silent == WHOLE.keys()
    assert {why for why in WHOLE.values() if "." in why and why in BY_NAME} >= {
        "dns.questions_more", "dns.answers_more", "host.more_names", "host.more_services", "host.more_clients"}
    for name in ("alert.flows", "alert.frames", "finding.flows", "finding.frames"):
        assert "first" in BY_NAME[name].help


def tagged(tags: list[int]) -> bytes:
    inside, kind = DATAGRAM, 0x0800
    for vid in reversed(tags):
        inside, kind = vlan(vid, kind, inside), 0x8100
    return eth(inside, kind)


def read(frame: bytes) -> Result:
    return run([(START, frame)], kinds=("flows", "packets"))


@pytest.mark.parametrize(("kind", "number"), [
    *((kind, number) for kind in ("vlan", "mpls") for number in (0, 1, 2, 5, 6, 7, 8, 20, 22)), ("mpls", 300)])
def test_tags_and_labels(kind: str, number: int) -> None:
    tags = [100 + n for n in range(number)]
    labelled = eth(mpls(tags, DATAGRAM), 0x8847) if tags else eth(DATAGRAM)
    result = read(tagged(tags) if kind == "vlan" else labelled)
    flow = result.flow
    assert (flow["dport"], flow.get(kind, [])) == (5000, tags[:6])
    assert flow.get(f"{kind}_more") == (min(number, 255) - 6 if number > 6 else None)
    layers, = (each for each in result.packets)
    shown = number if kind == "vlan" else min(number, 1)
    wanted = 3 + shown
    assert len(layers["layers"]) == min(wanted, 24)
    assert layers.get("layers_more") == (min(wanted, 255) - 24 if wanted > 24 else None)


@pytest.mark.parametrize("depth", [7, 8])
def test_networks_that_differ_in_a_number_of_tags_stay_apart(depth: int) -> None:
    frames = [(START + n * SECOND, tagged([5] * (depth + n % 2))) for n in range(4)]
    assert [(flow["vlan_more"], flow["packets_out"]) for flow in run(frames).flows] == [
        (depth - 6, 2), (depth - 5, 2)]


def test_what_only_the_answer_has_is_counted() -> None:
    back = ip4(17, udp(5000, 4000, b"y"), B4, A4)
    inside, kind = back, 0x0800
    for vid in range(9):
        inside, kind = vlan(vid + 1, kind, inside), 0x8100
    flows = run([(START, eth(DATAGRAM)), (START + 1, eth(inside, kind))],
                settings=Settings({"flows.vlan": "ignore"})).flows
    assert [(flow.get("vlan"), flow.get("vlan_more")) for flow in flows] == [([9, 8, 7, 6, 5, 4], 3)]


# --- what IPComp compresses ---

def compressed(frame: bytes) -> bytes:
    """RFC 3173 section 3: next header, flags, CPI 2 (DEFLATE)."""
    packet = frame[14:]
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = struct.pack(">BBH", packet[9], 0, 2) + pack.compress(packet[20:]) + pack.flush()
    ends: Any = [".".join(map(str, packet[at : at + 4])) for at in (12, 16)]
    return eth(ip4(108, body, *ends))


def test_a_conversation_of_which_some_packets_are_compressed_is_one() -> None:
    """RFC 3173 section 2.2: what would not become smaller is sent as it is, so that a connection has both."""
    get = b"GET /0 HTTP/1.1\r\nHost: h.example\r\nX: " + b"x" * 200 + b"\r\n\r\n"
    talk = Talk().open().say(CLIENT, get).ack(SERVER)
    talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"y" * 300).ack(CLIENT).close()
    frames = [(ns, compressed(frame) if len(frame) > 100 else frame) for ns, frame in talk.frames]
    result = run(frames, kinds=("flows", "http", "packets"))
    assert [(each["path"], each["status"], each["response_bytes"]) for each in result.by_kind["http"]] == [
        ("/0", 200, 300)]
    assert result.flow["state"] == "TIME_WAIT" and "tunnel" not in result.flow
    assert ["ipcomp" in each["layers"] for each in result.packets] == [len(frame) > 100 for _, frame in talk.frames]
