"""THE TABLE, the part of who and where: names, services, scopes, neighbours and places of a flow's ends."""
from netwatch.schema.field import ADDRESS, DURATION, INT, TEXT, Field, _field

_PORT = (
    _field("service", "flow", TEXT, "SERVICE", 12,
           "IANA service name of the responder's port (else of the initiator's): a hint, not a finding.", "svc",
           search=True),
)

_NAME = (
    _field("name.host", "flow", TEXT, "NAME", 28,
           "Host name of the responder: as the flow says it, else as an answer named it before the flow began.",
           "name host hostname", privacy="name", search=True),
    _field("name.via", "flow", TEXT, "VIA", 7,
           "Where that name comes from: sni, http, dns, mdns, llmnr, netbios, ptr."),
    _field("name.age_s", "flow", DURATION, "AGE", 7,
           "Age of the answer when the flow began; absent where the flow itself said the name.", unit="s"),
)

_SCOPE = (
    _field("scope.src", "flow", TEXT, "SCOPE", 12,
           "What kind of address the initiator has: loopback, private, link-local, cgnat, multicast, global ...",
           "scope"),
    _field("scope.dst", "flow", TEXT, "SCOPE", 12, "What kind of address the responder has.", "scope"),
)


def _station(end: str, who: str) -> tuple[Field, ...]:
    """What the local network has said of one end."""
    return (
        _field(f"lan.{end}.mac", "flow", ADDRESS, "MAC", 17, f"MAC address of the {who}, as ARP, NDP or DHCP told it.",
               "mac", privacy="address"),
        _field(f"lan.{end}.vendor", "flow", TEXT, "VENDOR", 20,
               f"Maker of the {who}'s network interface; a locally administered MAC is said to be one.", "vendor"),
        _field(f"lan.{end}.host", "flow", TEXT, "STATION", 18, f"Name that the {who} gave itself in DHCP.", "station",
               privacy="name"),
        _field(f"lan.{end}.role", "flow", TEXT, "ROLE", 11,
               f"What the {who} is for the local network: router, dhcp-server.", "role"),
    )


_LAN = (*_station("src", "initiator"), *_station("dst", "responder"))

_GEO = (
    _field("geo.country", "flow", TEXT, "CC", 3,
           "Country of the remote side, two letters.", "country", privacy="address", search=True),
    _field("geo.city", "flow", TEXT, "CITY", 16, "City of the remote side.", "city", privacy="address"),
    _field("geo.asn", "flow", INT, "ASN", 8, "Autonomous system of the remote side.", "asn", privacy="address"),
    _field("geo.org", "flow", TEXT, "ORG", 24, "Holder of that autonomous system.", "org", privacy="address"),
)

ENDS = (*_PORT, *_NAME, *_SCOPE, *_LAN, *_GEO)
