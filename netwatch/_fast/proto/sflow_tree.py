"""Fields of sFlow's datagrams, version 5 of sflow.org."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, address, u32

SAMPLES = {1: "flow sample", 2: "counter sample", 3: "expanded flow sample", 4: "expanded counter sample"}
TREE = Layout(
    "sflow",
    "sFlow",
    (
        u32("sflow.version", "Version"),
        u32("sflow.agent_address_type", "Address of the agent", {1: "IPv4", 2: "IPv6"}),
        Choice(
            "sflow.agent_address_type",
            {1: (Raw("sflow.agent", "Agent", 4, address),), 2: (Raw("sflow.agent.v6", "Agent", 16, address),)},
        ),
        u32("sflow.sub_agent_id", "Sub-agent"),
        u32("sflow.sequence_number", "Sequence number"),
        u32("sflow.sysuptime", "Uptime, ms"),
        u32("sflow.numsamples", "Samples"),
        Part(
            "sflow.sample",
            "Sample",
            (
                u32("sflow.sampletype", "Type", SAMPLES),
                u32("sflow.samplelength", "Length", unit=" B"),
                Raw("sflow.data", "Sample", "sflow.samplelength"),
            ),
            count="sflow.numsamples",
            title="{sflow.sampletype}",
        ),
    ),
    "{sflow.numsamples} samples of {sflow.agent}, sequence {sflow.sequence_number}",
)
