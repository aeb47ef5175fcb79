"""THE TABLE, the part of routers: BGP: one line a field."""
from netwatch.schema.field import ADDRESS, INT, TEXT, _field

_BGP = (
    *(field for way, who in (("out", "initiator"), ("in", "responder")) for field in (
        _field(f"bgp.as_{way}", "flow", INT, "AS", 10, f"Autonomous system of the {who}.", "bgp.as"),
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

ROUTING = (*_BGP,)
