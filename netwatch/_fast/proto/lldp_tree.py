"""Fields of what devices tell their neighbours: LLDP (IEEE 802.1AB clause 8) and CDP."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Layout,
    Part,
    Raw,
    address,
    hexed,
    string,
    text,
    u8,
    u16,
    u32,
)

LLDP_TYPES = {
    0: "end",
    1: "chassis",
    2: "port",
    3: "time to live",
    4: "port description",
    5: "system name",
    6: "system description",
    7: "capabilities",
    8: "management address",
    127: "organization's own",
}
CHASSIS = {
    1: "component",
    2: "interface alias",
    3: "port component",
    4: "MAC address",
    5: "network address",
    6: "interface name",
    7: "local",
}
PORT = {
    1: "interface alias",
    2: "port component",
    3: "MAC address",
    4: "network address",
    5: "interface name",
    6: "circuit",
    7: "local",
}
CAPABILITIES = tuple(
    Bits(f"lldp.tlv.system_cap.{name}", label, mask)
    for name, label, mask in (
        ("repeater", "Repeater", 2),
        ("bridge", "Bridge", 4),
        ("wlan_access_pt", "Access point", 8),
        ("router", "Router", 16),
        ("telephone", "Telephone", 32),
        ("docsis_cable_device", "Cable device", 64),
        ("station_only", "Station", 128),
    )
)


def _name(raw: bytes) -> str:
    """A MAC address, an address with its family before it, or text."""
    return raw.hex(":") if len(raw) == 6 else address(raw[1:]) if len(raw) == 5 and raw[0] == 1 else text(raw)


TREE_LLDP = Layout(
    "lldp",
    "LLDP",
    (
        Part(
            "lldp.tlv",
            "TLV",
            (
                u16(
                    "lldp.tlv.head",
                    "Type and length",
                    base="x",
                    bits=(Bits("lldp.tlv.type", "Type", 0xFE00, LLDP_TYPES), Bits("lldp.tlv.len", "Length", 0x01FF)),
                ),
                Choice(
                    "lldp.tlv.type",
                    {
                        1: (
                            u8("lldp.chassis.subtype", "Kind", CHASSIS),
                            Raw("lldp.chassis.id", "Chassis", None, _name),
                        ),
                        2: (u8("lldp.port.subtype", "Kind", PORT), Raw("lldp.port.id", "Port", None, _name)),
                        3: (u16("lldp.time_to_live", "Time to live", unit=" s"),),
                        4: (string("lldp.port.desc", "Port"),),
                        5: (string("lldp.tlv.system.name", "Name"),),
                        6: (string("lldp.tlv.system.desc", "Description"),),
                        0: (),
                        7: (
                            u16("lldp.tlv.system_cap", "Able to be", base="x", bits=CAPABILITIES),
                            u16("lldp.tlv.enable_system_cap", "Is", base="x"),
                        ),
                        8: (
                            u8("lldp.mgn.addr.len", "Length"),
                            u8("lldp.mgn.address.subtype", "Family", {1: "IPv4", 2: "IPv6"}),
                            Raw(
                                "lldp.mgn.addr",
                                "Address",
                                lambda at, seen: max(0, seen["lldp.mgn.addr.len"] - 1),
                                address,
                            ),
                            hexed("lldp.mgn.rest", "Interface and OID"),
                        ),
                        127: (
                            hexed("lldp.orgtlv.oui", "Organization", 3),
                            u8("lldp.orgtlv.subtype", "Kind"),
                            hexed("lldp.orgtlv.data", "Value"),
                        ),
                    },
                    (hexed("lldp.unknown", "Value"),),
                ),
            ),
            size=lambda at, seen: 2 + (at.peek(2) & 0x1FF),
            count=None,
            title="{lldp.tlv.type} {lldp.chassis.id}{lldp.port.id}{lldp.tlv.system.name}",
        ),
    ),
    "{lldp.tlv.system.name} {lldp.chassis.id}, port {lldp.port.id}",
)

CDP_TYPES = {
    1: "device",
    2: "addresses",
    3: "port",
    4: "capabilities",
    5: "software",
    6: "platform",
    9: "VTP domain",
    10: "native VLAN",
    11: "duplex",
    22: "management addresses",
}
TREE_CDP = Layout(
    "cdp",
    "CDP",
    (
        u8("cdp.version", "Version"),
        u8("cdp.ttl", "Time to live", unit=" s"),
        u16("cdp.checksum", "Checksum", base="x"),
        Part(
            "cdp.tlv",
            "TLV",
            (
                u16("cdp.tlv.type", "Type", CDP_TYPES),
                u16("cdp.tlv.len", "Length", unit=" B"),
                Choice(
                    "cdp.tlv.type",
                    {
                        1: (string("cdp.deviceid", "Device"),),
                        3: (string("cdp.portid", "Port"),),
                        5: (string("cdp.software_version", "Software"),),
                        6: (string("cdp.platform", "Platform"),),
                        9: (string("cdp.vtp_management_domain", "Domain"),),
                        4: (u32("cdp.capabilities", "Capabilities", base="x"),),
                        10: (u16("cdp.native_vlan", "VLAN"),),
                        11: (u8("cdp.duplex", "Duplex", {0: "half", 1: "full"}),),
                    },
                    (hexed("cdp.data", "Value"),),
                ),
            ),
            size=lambda at, seen: max(4, at.peek(2, 2)),
            count=None,
            title="{cdp.tlv.type} {cdp.deviceid}{cdp.portid}{cdp.platform}",
        ),
    ),
    "{cdp.deviceid} {cdp.platform}, port {cdp.portid}",
)
