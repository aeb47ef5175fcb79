"""Packets that the kernel dropped, and why: its own reasons (enum skb_drop_reason, Linux 5.17) in plain words.

The numbers of the reasons are another kernel's on another kernel: their names are read from its types. What is counted
is in bpf/owners.bpf.c.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

KEY, VALUE = struct.Struct("=IIHH"), struct.Struct("=QQ")
MOST = 4096
ENUM, PREFIX = "skb_drop_reason", "SKB_DROP_REASON_"
WORDS = {
    "SOCKET_RCVBUFF": "the receive buffer of the socket is full: the program reads too slowly",
    "SOCKET_BACKLOG": "the backlog of the socket is full: the program keeps it busy, or reads too slowly",
    "PROTO_MEM": "the memory of the protocol is used up (net.ipv4.tcp_mem, udp_mem)",
    "NO_SOCKET": "nobody listens on that port",
    "SOCKET_FILTER": "a filter of the program's own refuses it",
    "TCP_LISTEN_OVERFLOW": "the queue of connections is full: the program accepts too slowly",
    "NETFILTER_DROP": "a firewall rule of this machine drops it (nftables, iptables)",
    "IP_OUTNOROUTES": "there is no route to its destination",
    "IP_INNOROUTES": "there is no route for it here",
    "IP_RPFILTER": "it came by another interface than answers would leave by (rp_filter)",
    "IP_CSUM": "its IP checksum is wrong",
    "TCP_CSUM": "its TCP checksum is wrong",
    "UDP_CSUM": "its UDP checksum is wrong",
    "QDISC_DROP": "the queue of the interface is full, or its shaper drops it",
    "CPU_BACKLOG": "this machine does not keep up with what comes in (net.core.netdev_max_backlog)",
    "FULL_RING": "the ring of the interface or of a program is full",
    "NEIGH_FAILED": "the next hop does not answer on the link (ARP, neighbour discovery)",
    "NEIGH_QUEUEFULL": "too much waits for the next hop to answer on the link (ARP, neighbour discovery)",
    "PKT_TOO_BIG": "it is larger than the MTU and may not be fragmented",
    "FRAG_REASM_TIMEOUT": "the other fragments of it did not come in time",
    "NOMEM": "the kernel has no memory for it",
    "BPF_CGROUP_EGRESS": "an eBPF program of the control group refuses it",
    "TC_INGRESS": "a filter of traffic control drops it on its way in",
    "TC_EGRESS": "a filter of traffic control drops it on its way out",
    "XDP": "an XDP program drops it",
    "SECURITY_HOOK": "a security module refuses it (SELinux, AppArmor)",
    "XFRM_POLICY": "an IPsec policy refuses it",
}


class Counted(NamedTuple):
    """Of one network namespace, reason and local port; `at`: the newest, CLOCK_MONOTONIC in ns."""

    netns: int
    reason: str
    proto: int
    port: int
    packets: int
    at: int


def counted(entries: Iterable[tuple[bytes, bytes]], names: dict[int, str]) -> list[Counted]:
    """Entries of the map, the most first; `names` of the reasons as the kernel has them."""
    found = []
    for key, value in entries:
        netns, reason, proto, port = KEY.unpack(key)
        count, at = VALUE.unpack(value)
        found.append(Counted(netns, names.get(reason, str(reason)).removeprefix(PREFIX), proto, port, count, at))
    return sorted(found, key=lambda each: (-each.packets, each))
