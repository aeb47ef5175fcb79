"""What devices tell their neighbours on a link: LLDP, CDP, spanning tree (802.1D clause 9)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, mac, u8, u16, u32
from netwatch.dissect.layout import layout_of, messages
from netwatch.dissect.tree import Step, Tree, reader

STP = Layout(
    "stp",
    "STP",
    (
        u16("stp.protocol", "Protocol"),
        u8("stp.version", "Version", {0: "STP", 2: "RSTP", 3: "MSTP"}),
        u8("stp.type", "Type", {0: "configuration", 2: "rapid", 0x80: "topology change"}),
        Choice(
            "stp.type",
            {0x80: ()},
            (
                u8("stp.flags", "Flags", base="x", bits=(Bits("stp.flags.tc", "Topology change", 1),)),
                u16("stp.root.prio", "Root's priority"),
                mac("stp.root.hw", "Root"),
                u32("stp.root.cost", "Cost"),
                u16("stp.bridge.prio", "Bridge's priority"),
                mac("stp.bridge.hw", "Bridge"),
                u16("stp.port", "Port", base="x"),
                u16("stp.msg_age", "Age, 1/256 s"),
                u16("stp.max_age", "Longest age, 1/256 s"),
                u16("stp.hello", "Hello time, 1/256 s"),
                u16("stp.forward", "Forward delay, 1/256 s"),
            ),
        ),
    ),
    "{stp.version} {stp.type}, root {stp.root.hw}, cost {stp.root.cost}",
)


@reader("lldp")
def lldp(tree: Tree, step: Step) -> Step | None:
    return _told(tree, layout_of("lldp"), step)


@reader("cdp")
def cdp(tree: Tree, step: Step) -> Step | None:
    return _told(tree, layout_of("cdp"), step)


@reader("stp")
def stp(tree: Tree, step: Step) -> Step | None:
    return _told(tree, STP, step)


def _told(tree: Tree, layout: Layout | None, step: Step) -> Step | None:
    assert layout is not None
    messages(tree, layout, step.at, min(step.end, len(tree.frame.data)), goes_on=False)
    return None
