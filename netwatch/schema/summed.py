"""Hosts and programs, as a capture's flows add up to them."""
from netwatch.schema.field import ADDRESS, BYTES, INT, TEXT, _field


def _more(what: str) -> tuple[str, str]:
    return f"more_{what}", f"How many more {what} there are than are kept."


SUMMED = (
    _field("host.address", "host", ADDRESS, "ADDRESS", 39, "Address of the host.", privacy="address"),
    _field("host.scope", "host", TEXT, "SCOPE", 10, "What sort of address it is: private, public, link-local ..."),
    _field("host.names", "host", TEXT, "NAMES", 32, "Names it was asked by, or gave itself.", privacy="name",
           many=True),
    _field("host.mac", "host", TEXT, "MAC", 17, "MAC address it was last seen with, on the same network.",
           privacy="address"),
    _field("host.vendor", "host", TEXT, "VENDOR", 18, "Whose the first half of that address is."),
    _field("host.system", "host", TEXT, "SYSTEM", 18,
           "What it may run: as its programs say, else by the time to live of its packets."),
    _field("host.ttl", "host", INT, "TTL", 4, "Time to live (hop limit) of the first TCP packet it began with."),
    _field("host.services", "host", TEXT, "SERVICES", 24, "What it answered at: port/transport and application.",
           many=True),
    _field("host.clients", "host", TEXT, "PROGRAMS", 24, "Programs that its TLS and QUIC hellos are known to be of.",
           many=True),
    *(_field(f"{kind}.{what}", kind, type_, title, 8, help_)
      for kind in ("host", "process")
      for what, type_, title, help_ in (("flows", INT, "FLOWS", "Flows that it was an end of."),
                                        ("packets", INT, "PKTS", "Packets of these."),
                                        ("bytes", BYTES, "BYTES", "Bytes of whole frames of these."))),
    *(_field(f"host.{what}_{way}", "host", kind, f"{title}{arrow}", 8, f"{said} that it {way}.")
      for what, kind, title, said in (("packets", INT, "PKTS", "Packets"), ("bytes", BYTES, "BYTES", "Bytes"))
      for way, arrow in (("sent", "↑"), ("received", "↓"))),
    *(_field(f"process.bytes_{way}", "process", BYTES, f"BYTES{arrow}", 8, f"Bytes {said}.")
      for way, arrow, said in (("out", "↑", "initiator to responder"), ("in", "↓", "responder to initiator"))),
    *(_field(f"host.{name}", "host", INT, "MORE", 5, help_)
      for name, help_ in map(_more, ("names", "services", "clients", "agents"))),
)
