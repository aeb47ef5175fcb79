"""The answers of `netwatch stats` are tshark's, where it is installed, on captures that are not part of the project.

What differs for a reason stands in DIFFERENCES; docs/stats.md tells the reasons. An entry that is no longer needed is
a failure as well.
"""

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import ROOT

from netwatch.cli import stats

CAPTURES = Path(os.environ.get("NETWATCH_CAPTURES", ROOT.parent / "shared" / "captures"))
NAMES = (
    "ndpi/iphone.pcap", "ndpi/android.pcap", "ndpi/http_ipv6.pcap", "ndpi/dns_exfiltration.pcap", "ndpi/ultrasurf.pcap",
    "zeek/http-vlan-0.pcap", "zeek/smb__smb2readwrite.pcap", "zeek/tunnels__gre-sample.pcap",
    "zeek/tunnels__vxlan-encapsulated-http.pcap", "zeek/communityid__icmp6.pcap", "zeek/linuxsll-arp.pcap",
    "zeek/quic__quicv2-http3-443.pcap", "zeek/pppoe-over-qinq.pcap", "zeek/tunnels__Teredo.pcap",
    "zeek/http__bro.org.pcap", "arkime/mpls-basic.pcap", "wireshark/tls13-rfc8446.pcap", "wireshark/dhcp.pcap",
    "generated/frag4_inorder.pcap", "generated/frag6_inorder.pcap", "generated/enc_ipip.pcap",
    "generated/enc_gtpu.pcap", "generated/tcp_port_reuse.pcap", "pcapplusplus/4KHttpRequests.pcap",
)
FRAGMENTS = "all fragments of a datagram are counted where it belongs, tshark counts the frame that completes it"
QUOTED = "what an ICMP error quotes is not counted as if it had been sent here"
UNFINISHED = "a message whose head was seen is counted; tshark waits for a body of which bytes were never captured"
RELAYED = "Teredo between a client and a relay is entered on any port; tshark knows that of servers"
DIFFERENCES = {  # (capture, question): the reason
    **{("zeek/tunnels__Teredo.pcap", question): RELAYED for question in (
        "conversations tcp", "conversations ipv6", "endpoints tcp", "endpoints ipv6", "protocols", "http", "expert")},
    **{(f"generated/frag{version}_inorder.pcap", "protocols"): FRAGMENTS for version in (4, 6)},
    ("zeek/tunnels__gre-sample.pcap", "protocols"): QUOTED,
    ("zeek/communityid__icmp6.pcap", "protocols"): QUOTED,
    ("zeek/http__bro.org.pcap", "http"): UNFINISHED,
    ("pcapplusplus/4KHttpRequests.pcap", "http"): UNFINISHED,
    **{(f"generated/frag{version}_inorder.pcap", question): FRAGMENTS
       for version in (4, 6) for question in ("conversations tcp", "endpoints tcp")},
    ("generated/frag6_inorder.pcap", "conversations ipv6"): FRAGMENTS,
    ("generated/frag6_inorder.pcap", "endpoints ipv6"): FRAGMENTS,
}
HEADINGS = {"TCP Conv": "conv,tcp", "UDP Conv": "conv,udp", "IPv4 Conv": "conv,ip", "IPv6 Conv": "conv,ipv6",
            "TCP End": "endpoints,tcp", "UDP End": "endpoints,udp", "IPv4 End": "endpoints,ip",
            "IPv6 End": "endpoints,ipv6", "Protocol Hierarchy": "io,phs", "[|] IO Statistics": "io,stat,1",
            "DNS:": "dns,tree", "HTTP/Packet Counter": "http,tree", r"(Errors|Warns|Notes|Chats) \(": "expert"}
LAYERS = {"eth": "eth", "ip": "ip", "ipv6": "ipv6", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmp6",
          "igmp": "igmp", "arp": "arp", "vlan": "vlan", "mpls": "mpls", "gre": "gre", "dns": "dns", "mdns": "mdns",
          "dhcp": "dhcp", "ssdp": "ssdp", "ntp": "ntp"}  # tshark's name: ours, of those that are compared
KINDS = ("tcp", "udp", "ip", "ipv6")  # of conversations and endpoints
NOTED = {"Connection establish request (SYN)": "SYN", "Connection establish acknowledge (SYN+ACK)": "SYN ACK",
         "Connection reset (RST)": "RST"}
Answer = dict[Any, Any]

pytestmark = [
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures in {CAPTURES}"),
]


@cache
def said_by_tshark(name: str) -> dict[str, list[str]]:
    """What it prints for each question, in one pass."""
    asked = [word for question in HEADINGS.values() for word in ("-z", question)]
    done = subprocess.run(["tshark", "-n", "-r", str(CAPTURES / name), "-q", *asked], capture_output=True, text=True)
    found: dict[str, list[str]] = {question: [] for question in HEADINGS.values()}
    question = ""
    for line in done.stdout.splitlines():
        question = next((each for heading, each in HEADINGS.items() if re.match(heading, line)), question)
        if question:
            found[question].append(line)
    return found


def netwatch(name: str, *words: str) -> list[Answer]:
    """In this process, which must not be jailed."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out):
        code = stats.main([words[0], str(CAPTURES / name), *words[1:], "--format=ndjson", "--set=sandbox.mode=off"])
    assert code in (0, 5)
    return [json.loads(line) for line in out.buffer.getvalue().splitlines()]  # type: ignore[attr-defined]


@cache
def by_layer(name: str, topic: str) -> dict[str, list[Answer]]:
    """The rows of conversations or endpoints of each layer that is compared, read once."""
    found: dict[str, list[Answer]] = {kind: [] for kind in KINDS}
    for row in netwatch(name, topic, "--type", ",".join(KINDS)):
        found[row["proto"]].append(row)
    return found


def conversations(name: str, kind: str) -> tuple[Answer, Answer]:
    """Frames and, as far as tshark tells them, bytes of each pair; tshark's conversations of one pair are added up."""
    theirs: collections.Counter[tuple[str, ...]] = collections.Counter()
    rounded: dict[tuple[str, ...], int] = {}
    for line in said_by_tshark(name)[f"conv,{kind}"]:
        left, _, rest = line.partition("<->")
        if rest:
            pair = tuple(sorted((left.strip(), rest.split()[0])))
            _, _, (frames, octets, unit) = re.findall(r"(\d+) (\d+) (bytes|kB|MB)", rest.replace(",", ""))
            theirs[pair] += int(frames)
            rounded[pair] = rounded.get(pair, 0) + int(octets) * {"bytes": 1, "kB": 1000, "MB": 1000_000}[unit]
    ours = {}
    for row in by_layer(name, "conversations")[kind]:
        pair = tuple(sorted(f"{row[end]}:{row[port]}" if port in row else row[end]
                            for end, port in (("src", "sport"), ("dst", "dport"))))
        ours[pair] = row["packets"]
        assert rounded.get(pair, 0) <= row["bytes"], pair
    return dict(theirs), ours


def endpoints(name: str, kind: str) -> tuple[Answer, Answer]:
    """Packets and bytes, sent and received: exact."""
    theirs = {}
    for line in said_by_tshark(name)[f"endpoints,{kind}"]:
        words = line.split()
        if len(words) in (7, 8) and words[-1].isdigit():
            theirs[":".join(words[:-6])] = tuple(int(word) for word in words[-6:])
    ours = {}
    for row in by_layer(name, "endpoints")[kind]:
        who = f"{row['address']}:{row['port']}" if "port" in row else row["address"]
        ours[who] = tuple(row.get(key) for key in ("packets", "bytes", "packets_sent", "bytes_sent",
                                                   "packets_received", "bytes_received"))
        if "packets_sent" not in row and who in theirs:  # the ends of a tunnel: which way is not known
            theirs[who] = (*theirs[who][:2], None, None, None, None)
    return theirs, ours


def protocols(name: str) -> tuple[Answer, Answer]:
    """Frames and bytes of each layer, wherever it stands."""
    theirs: collections.Counter[tuple[str, str]] = collections.Counter()
    for line in said_by_tshark(name)["io,phs"]:
        found = re.fullmatch(r" *([\w.-]+) +frames:(\d+) bytes:(\d+)", line)
        if found and found[1] in LAYERS:
            theirs[LAYERS[found[1]], "frames"] += int(found[2])
            theirs[LAYERS[found[1]], "bytes"] += int(found[3])
    ours: collections.Counter[tuple[str, str]] = collections.Counter()
    for row in netwatch(name, "protocols"):
        if row["protocol"] in LAYERS.values():
            ours[row["protocol"], "frames"] += row["packets"]
            ours[row["protocol"], "bytes"] += row["bytes"]
    return dict(theirs), dict(ours)


def intervals(name: str) -> tuple[Answer, Answer]:
    theirs = {}
    for line in said_by_tshark(name)["io,stat,1"]:
        found = re.fullmatch(r"\| *(\d+)(?:\.\d+)? <> *\S+ *\| +(\d+) \| +(\d+) \|", line)
        if found:
            theirs[int(found[1])] = int(found[2]), int(found[3])
    return theirs, {round(row["start"]): (row["packets"], row["bytes"]) for row in netwatch(name, "io")}


def tree(lines: list[str]) -> Iterator[tuple[tuple[str, ...], int]]:
    """(path, count) of each node of one of tshark's trees."""
    path: list[str] = []
    for line in lines:
        found = re.match(r"( *)(\S.*?)  +(\d+)(?: |$)", line)
        if found:
            path = [*path[:len(found[1])], found[2]]
            yield tuple(path), int(found[3])


def dns(name: str) -> tuple[Answer, Answer]:
    """Messages and types; multicast DNS is apart in tshark."""
    names = {"Query": ("message", "query"), "Response": ("message", "response")}
    theirs = {names[path[-1]]: n for path, n in tree(said_by_tshark(name)["dns,tree"]) if path[-1] in names and n}
    ours = {(row["group"], row["item"]): row["count"]
            for row in netwatch(name, "dns", "--where", "not dns.transport in {mdns, llmnr}")
            if row["group"] == "message"}
    return theirs, ours


def http(name: str) -> tuple[Answer, Answer]:
    """Requests by method, responses by status."""
    theirs: Answer = {}
    for path, n in tree(said_by_tshark(name)["http,tree"]):
        if len(path) == 3 and path[1] == "HTTP Request Packets" and path[2] not in ("NOTIFY", "SEARCH"):
            theirs["method", path[2]] = n
        elif len(path) == 4 and path[1] == "HTTP Response Packets":
            theirs["status", path[3].split()[0]] = n
    ours = {(row["group"], row["item"]): row["count"] for row in netwatch(name, "http")
            if row["group"] in ("method", "status")}
    return theirs, ours


def expert(name: str) -> tuple[Answer, Answer]:
    theirs: collections.Counter[str] = collections.Counter()
    for line in said_by_tshark(name)["expert"]:
        found = re.fullmatch(r" +(\d+) +\w+ +TCP  (.*?)(?::.*)?", line)
        if found and found[2] in NOTED:
            theirs[NOTED[found[2]]] += int(found[1])
    ours = {}
    for row in netwatch(name, "expert"):
        word = re.search(r"\((SYN|SYN ACK|RST)\)", row["summary"])
        if word:
            ours[word[1]] = row["count"]
    return dict(theirs), ours


ASKED: dict[str, Callable[[str], tuple[Answer, Answer]]] = {
    **{f"conversations {kind}": lambda name, kind=kind: conversations(name, kind)  # type: ignore[misc]
       for kind in KINDS},
    **{f"endpoints {kind}": lambda name, kind=kind: endpoints(name, kind)  # type: ignore[misc]
       for kind in KINDS},
    "protocols": protocols, "io": intervals, "dns": dns, "http": http, "expert": expert,
}


@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize("name", NAMES)
def test_as_tshark(name: str, question: str) -> None:
    theirs, ours = ASKED[question](name)
    different = {key: (theirs.get(key), ours.get(key)) for key in {*theirs, *ours} if theirs.get(key) != ours.get(key)}
    reason = DIFFERENCES.get((name, question))
    assert bool(different) == bool(reason), f"tshark's and ours: {different}" if different else f"no longer: {reason}"
