"""THE TABLE, the part of routers, switches and groups: BGP, LLDP, CDP, IGMP, MLD: one line a field."""
from netwatch.schema.field import ADDRESS, INT, TEXT, Field, _field

_BGP = (
    *(field for way, who in (("out", "initiator"), ("in", "responder")) for field in (
        _field(f"bgp.as_{way}", "flow", INT, "AS", 10, f"Autonomous system of the {who}.", "bgp.as",
               privacy="address"),
        _field(f"bgp.router_id_{way}", "flow", ADDRESS, "ROUTER", 15, f"BGP identifier of the {who}.",
               "bgp.router_id", privacy="address"),
        _field(f"bgp.hold_time_{way}", "flow", INT, "HOLD", 5, f"Hold time the {who} proposes.", unit="s"),
        _field(f"bgp.host_{way}", "flow", TEXT, "HOST", 16, f"Host name the {who} gives.", privacy="name",
               search=True),
        _field(f"bgp.capabilities_{way}", "flow", TEXT, "CAPABILITIES", 24, f"Capabilities of the {who}.",
               many=True))),
    _field("bgp.messages", "flow", TEXT, "BGP", 16, "Message types seen.", many=True),
    _field("bgp.families", "flow", TEXT, "FAMILIES", 16, "Address families offered or used.", many=True),
    _field("bgp.announced", "flow", INT, "ROUTES", 8, "IPv4 and IPv6 unicast prefixes announced, both directions."),
    _field("bgp.withdrawn", "flow", INT, "GONE", 8, "IPv4 and IPv6 unicast prefixes withdrawn, both directions."),
    _field("bgp.prefixes", "flow", TEXT, "PREFIXES", 28, "The first prefixes announced.", privacy="address",
           many=True),
    _field("bgp.withdrawn_prefixes", "flow", TEXT, "GONE", 28, "The first prefixes withdrawn.", privacy="address",
           many=True),
    _field("bgp.notification", "flow", TEXT, "NOTIFICATION", 28, "Why the session ended: error and detail.",
           privacy="name"),
    _field("bgp.notification_dir", "flow", TEXT, "FROM", 4, "Who ended it: out the initiator, in the responder."),
    _field("bgp.reason", "flow", TEXT, "REASON", 28, "What the operator says of an administrative shutdown.",
           privacy="name"),
)



def _neighbour(app: str) -> tuple[Field, ...]:
    """What a device tells of itself."""
    return (
        _field(f"{app}.device", "flow", TEXT, "DEVICE", 20, "Name of the device.", privacy="name", search=True),
        _field(f"{app}.port", "flow", TEXT, "PORT", 16, "The port of it that the frame was sent from."),
        _field(f"{app}.platform", "flow", TEXT, "PLATFORM", 24, "What it is: model or description."),
        _field(f"{app}.capabilities", "flow", TEXT, "DOES", 16, "What it does: router, switch, telephone ...",
               many=True),
        _field(f"{app}.addresses", "flow", ADDRESS, "ADDRESSES", 15, "Addresses to manage it by.", privacy="address",
               many=True),
        _field(f"{app}.vlan", "flow", INT, "VLAN", 5, "The port's own VLAN."),
        _field(f"{app}.hold_time", "flow", INT, "HOLD", 5, "How long this is to be believed.", unit="s"),
    )


def _groups(app: str) -> tuple[Field, ...]:
    """What hosts tell of groups."""
    return (
        _field(f"{app}.types", "flow", TEXT, "TYPES", 12, "Kinds of message: query, v3 report, leave ...", many=True),
        _field(f"{app}.version", "flow", INT, "VERSION", 7, "The highest version that a host spoke."),
        _field(f"{app}.groups", "flow", ADDRESS, "GROUPS", 15, "Groups joined or asked for.", many=True),
        _field(f"{app}.left", "flow", ADDRESS, "LEFT", 15, "Groups left.", many=True),
        _field(f"{app}.sources", "flow", ADDRESS, "SOURCES", 15, "Senders that reports name.", privacy="address",
               many=True),
    )


_LLDP = (
    *_neighbour("lldp"),
    _field("lldp.chassis", "flow", TEXT, "CHASSIS", 17, "Identifier of the device, a MAC address mostly.",
           privacy="address"),
    _field("lldp.port_description", "flow", TEXT, "DESCRIPTION", 20, "What people call the port.", privacy="name"),
)
_CDP = (
    *_neighbour("cdp"),
    _field("cdp.software", "flow", TEXT, "SOFTWARE", 24, "Software and version."),
    _field("cdp.domain", "flow", TEXT, "DOMAIN", 12, "VTP domain.", privacy="name"),
)

ROUTING = (*_BGP, *_LLDP, *_CDP, *_groups("igmp"), *_groups("mld"))
