"""THE TABLE: every field of every record, one line each.

From it come the filter language's names, the JSON and CSV keys, the columns on screen and their help, and the
reference pages docs/fields.md and docs/filter.md. It is data and look-ups only: it imports nothing of ours, reads
nothing, and does not know how a value is obtained. Here are flows, packets and streams, and in
field.py what a field is; the other files are named after what their fields describe.
"""
from collections.abc import Iterable, Mapping
from functools import cache

from netwatch.schema.alerts import ALERTS, FINDINGS
from netwatch.schema.brokers import BROKERS
from netwatch.schema.calls import CALLS
from netwatch.schema.databases import DATABASES
from netwatch.schema.endpoints import ENDS
from netwatch.schema.field import (
    ADDRESS,
    BOOL,
    BYTES,
    DURATION,
    INT,
    PORT,
    RATE,
    TEXT,
    TIME,
    UNIT_NS,
    Field,
    Privacy,
    Type,
    _field,
    _pair,
)
from netwatch.schema.headers import HEADERS
from netwatch.schema.industrial import INDUSTRIAL
from netwatch.schema.logins import LOGINS
from netwatch.schema.routing import ROUTING
from netwatch.schema.services import SERVICES
from netwatch.schema.sharing import SHARING
from netwatch.schema.summed import SUMMED
from netwatch.schema.telemetry import TELEMETRY
from netwatch.schema.text import TEXT_PROTOCOLS
from netwatch.schema.web import WEB

__all__ = ["BY_NAME", "FIELDS", "NAMES", "SEARCHED", "UNIT_NS", "Field", "Privacy", "Type", "answering", "fields_of",
           "names_for", "shorts_of", "transport_of", "whole_of"]

# ------------------------------------------------------------------------------------------------------------ flow
_IDENTITY = (
    _field("id", "flow", INT, "ID", 7, "Number of the flow, in order of its first frame.", "flow flow.id"),
    _field("proto", "flow packet", TEXT, "PROTO", 6,
           "Transport (or, without one, network) protocol.", "protocol ip.proto", search=True),
    _field("src", "flow packet tls alert", ADDRESS, "SOURCE", 39,
           "Address of the initiator; of a packet, its sender.", "addr ip ip.addr ip.src ipv6.addr ipv6.src",
           privacy="address", search=True),
    _field("sport", "flow packet tls", PORT, "SPORT", 6,
           "Port of the initiator; of a packet, of its sender.",
           "srcport port tcp.port udp.port tcp.srcport udp.srcport",
           search=True),
    _field("dst", "flow packet tls alert", ADDRESS, "DESTINATION", 39,
           "Address of the responder; of a packet, its receiver.", "dest addr ip ip.addr ip.dst ipv6.addr ipv6.dst",
           privacy="address", search=True),
    _field("dport", "flow packet tls alert", PORT, "DPORT", 6,
           "Port of the responder; of a packet, of its receiver.",
           "dstport port tcp.port udp.port tcp.dstport udp.dstport",
           search=True),
    _field("initiator", "flow", TEXT, "INIT", 8, "How the initiator is known: seen (SYN, a request) or guessed."),
    _field("first", "flow alert host process", TIME, "FIRST", 30, "Time of the first frame, UTC."),
    _field("last", "flow alert finding host process", TIME, "LAST", 30, "Time of the newest frame, UTC."),
    _field("duration", "flow", DURATION, "TIME", 8, "From the first frame to the newest.", unit="s"),
    _field("interface", "flow packet", TEXT, "IFACE", 10,
           "Interface that the initiator was seen on.", "iface frame.interface_name", search=True, privacy="name"),
    _field("vlan", "flow packet", INT, "VLAN", 9, "VLAN identifiers, outermost first.", "vlan.id", many=True,
           asked="packet"),
    _field("vlan_more", "flow packet", INT, "MORE", 6, "How many more tags there are than `vlan` has.", asked="packet"),
    _field("mpls", "flow", INT, "MPLS", 12, "MPLS labels, outermost first.", "mpls.label", many=True),
    _field("mpls_more", "flow", INT, "MORE", 6, "How many more labels there are than `mpls` has."),
    _field("pppoe_session", "flow", INT, "PPPOE", 6, "PPPoE session identifier.", "pppoe.session_id"),
    _field("tunnel", "flow", TEXT, "TUNNEL", 24,
           "Tunnels around the flow, outermost first: kind, then its ends.", privacy="address", many=True),
    _field("state", "flow", TEXT, "STATE", 12, "State of the connection.", "tcp.state", search=True),
    _field("icmp.type", "flow packet", INT, "TYPE", 5, "ICMP or ICMPv6 type; of a flow, of its first packet.",
           "icmpv6.type", asked="packet"),
    _field("icmp.code", "flow packet", INT, "CODE", 5, "ICMP or ICMPv6 code; of a flow, of its first packet.",
           "icmpv6.code", asked="packet"),
    _field("icmp.id", "flow packet", INT, "ID", 6, "Identifier of an ICMP echo.", "icmp.ident", asked="packet"),
    _field("first_frame", "flow", INT, "FRAME", 8, "Number of its first frame in the input, from 1."),
    _field("last_frame", "flow", INT, "TO FRAME", 8, "Number of its newest frame in the input."),
    _field("community_id", "flow", TEXT, "COMMUNITY", 30,
           "Community ID version 1 (seed 0), by which Zeek, Suricata and others know the flow.", privacy="name"),
    _field("ended", "flow", TEXT, "ENDED", 12, "Why the flow is over: fin, rst, timeout, evicted, end-of-input."),
)

_COUNTS = (
    *_pair("packets", INT, "PKTS", 7, "Packets", "pkts"),
    *_pair("bytes", BYTES, "BYTES", 8, "Bytes of whole frames on the wire", "size"),
    *_pair("payload", BYTES, "DATA", 8, "Bytes of transport payload, retransmissions left out"),
    *_pair("copies", INT, "COPIES", 7, "Packets that were captured before, in no other count"),
    *_pair("rate", RATE, "RATE", 9, "Bytes per second, now: the mean of the last three seconds", "bps"),
    *_pair("peak", RATE, "PEAK", 9, "Largest bytes per second in any one second", total=False),
)

_HEALTH = (
    _field("rtt_us", "flow", DURATION, "RTT", 7,
           "Round-trip time of the handshake.", "rtt tcp.analysis.initial_rtt", unit="us"),
    _field("srtt_us", "flow", DURATION, "SRTT", 7,
           "Smoothed round-trip time from data to its acknowledgement.", "srtt", unit="us"),
    *_pair("retransmits", INT, "RETX", 6, "Segments sent again", "retrans"),
    *_pair("out_of_order", INT, "OOO", 6, "Segments that arrived out of order", "ooo"),
    *_pair("dup_acks", INT, "DUPACK", 7, "Duplicate acknowledgements"),
    *_pair("zero_windows", INT, "ZEROWIN", 8, "Segments that announced a window of zero"),
    *_pair("spurious", INT, "SPUR", 6, "Retransmissions of what had been acknowledged"),
    *_pair("fast_retransmits", INT, "FASTRX", 7, "Retransmissions after three duplicate acknowledgements"),
    _field("mss", "flow", INT, "MSS", 6,
           "Maximum segment size the initiator offered, else the responder.", "tcp.options.mss_val", unit="B"),
    _field("window_scale_out", "flow", INT, "WSCALE↑", 8,
           "Window scale shift the initiator offered.", "window_scale wscale"),
    _field("window_scale_in", "flow", INT, "WSCALE↓", 8,
           "Window scale shift the responder offered.", "window_scale wscale"),
    _field("window_out", "flow", BYTES, "WINDOW↑", 9,
           "Bytes that the initiator could take when it was heard last; absent without its handshake, whose scale "
           "windows have."),
    _field("window_in", "flow", BYTES, "WINDOW↓", 9,
           "Bytes that the responder could take when it was heard last; absent without its handshake, whose scale "
           "windows have."),
    _field("sack", "flow", BOOL, "SACK", 5, "Both ends offered selective acknowledgements."),
    _field("tcp_flags_out", "flow", TEXT, "FLAGS↑", 12,
           "TCP flags the initiator has sent, one by one.", "tcp_flags tcp.flags", many=True),
    _field("tcp_flags_in", "flow", TEXT, "FLAGS↓", 12,
           "TCP flags the responder has sent, one by one.", "tcp_flags tcp.flags", many=True),
    _field("ttl", "flow packet", INT, "TTL", 4,
           "Time to live (hop limit); of a flow, of the initiator's first packet, else the responder's.",
           "ip.ttl ipv6.hlim", asked="packet"),
)

_NAMING = (
    _field("app", "flow packet", TEXT, "APP", 10,
           "The most specific protocol recognised, lower case.", "application", search=True),
    _field("app_stack", "flow", TEXT, "STACK", 18, "The recognised protocols, outermost first.", "stack", many=True),
    _field("announced_by", "flow", TEXT, "TOLD BY", 36,
           "Ends of the flow that announced this one, as FTP's control connection does.", privacy="address"),
    _field("confidence", "flow", INT, "CONF", 5, "How sure `app` is, 0 to 100.", unit="%"),
    _field("label", "flow", TEXT, "WHAT", 32, "One line that says what the flow is.", privacy="name"),
    _field("decrypted", "flow http", BOOL, "DECR", 5, "Any byte of the flow was decrypted."),
    _field("decrypt.keys", "flow", TEXT, "KEYS", 7, "Where the keys came from: keylog or dsb."),
    _field("decrypt.bytes", "flow", BYTES, "PLAIN", 8, "Bytes decrypted."),
    _field("decrypt.failed", "flow", INT, "FAILED", 7, "Records that did not decrypt."),
    _field("decrypt.reason", "flow", TEXT, "WHY", 20, "Why nothing, or not all, was decrypted."),
)

_OWNER = (
    _field("process.pid", "flow process", INT, "PID", 8, "Process that owns the local socket.", "pid"),
    _field("process.name", "flow process", TEXT, "PROCESS", 18, "Its name.", "process proc", privacy="name",
           search=True),
    _field("process.exe", "flow", TEXT, "EXE", 32, "Full path of its executable.", "exe", privacy="name"),
    _field("process.cmdline", "flow", TEXT, "COMMAND", 40, "Its command line.", "cmdline", privacy="secret"),
    _field("process.uid", "flow", INT, "UID", 6, "Its user's number.", "uid", privacy="name"),
    _field("process.user", "flow process", TEXT, "USER", 10, "Its user's name.", "user", privacy="name"),
    _field("process.ppid", "flow", INT, "PPID", 8, "Its parent.", "ppid"),
    _field("process.parents.pid", "flow", INT, "PARENTS", 16, "Its ancestors, parent first.", many=True),
    _field("process.parents.name", "flow", TEXT, "PARENTS", 24, "Their names.", "parent", privacy="name", many=True),
    _field("process.container", "flow", TEXT, "CONTAINER", 16, "Container it runs in.", "container", privacy="name"),
    _field("process.pod", "flow", TEXT, "POD", 16, "Kubernetes pod it runs in.", "pod", privacy="name"),
    _field("process.unit", "flow", TEXT, "UNIT", 18, "systemd unit it runs in.", "unit", privacy="name"),
    _field("process.method", "flow", TEXT, "METHOD", 10, "How the owner was found: ebpf, bcc, sock_diag, lsof ..."),
    _field("process.quality", "flow", TEXT, "QUALITY", 9, "How good that answer is."),
    _field("process.shared_with", "flow", INT, "SHARED", 12, "Other processes that hold the same socket.", many=True),
    _field("process.age_s", "flow", DURATION, "AGE", 7, "Age of that answer.", unit="s"),
    _field("process.unknown", "flow", TEXT, "UNKNOWN", 20, "Why the owner is not known."),
)

# --------------------------------------------------------------------------------------------------- other records
_PACKET = (
    _field("n", "packet", INT, "NO", 8, "Number of the frame in the input, from 1.", "frame.number"),
    _field("frame", "dns http", INT, "FRAME", 8, "Number of the frame that completed the message or transaction.",
           "frame.number"),
    _field("file", "flow packet dns http tls stream alert", TEXT, "FILE", 20,
           "File it is from, where several are read; of a flow, that of its first frame.", privacy="name"),
    _field("time", "packet dns http tls alert finding", TIME, "TIME", 30, "Time of the frame, UTC.", "frame.time"),
    _field("len", "packet", BYTES, "LEN", 6, "Bytes of the frame on the wire.", "frame.len length"),
    _field("caplen", "packet", BYTES, "CAPLEN", 6, "Bytes of it that were captured.", "frame.cap_len"),
    _field("flow", "packet dns http tls stream", INT, "FLOW", 7, "The flow it belongs to."),
    _field("info", "packet", TEXT, "INFO", 60, "One line about the packet.", privacy="name", search=True),
    _field("layers", "packet", TEXT, "LAYERS", 24, "Its layers, outermost first.", many=True),
    _field("layers_more", "packet", INT, "MORE", 6, "How many more there are than `layers` has."),
    _field("notes", "packet", TEXT, "NOTES", 20, "What is odd about it.", many=True, search=True),
)

_STREAM = (
    _field("stream.dir", "stream", TEXT, "DIR", 4, "out or in."),
    _field("stream.source", "stream", TEXT, "FROM", 9, "clear or decrypted."),
    _field("stream.protocol", "stream", TEXT, "PROTOCOL", 9, "What carried it."),
    _field("stream.bytes", "stream", BYTES, "BYTES", 8, "Bytes of the stream."),
    _field("stream.stream", "stream", INT, "STREAM", 6, "Number of the stream, where its flow has many."),
    _field("stream.missing_bytes", "stream", BYTES, "MISSING", 8, "Bytes of it that were not seen."),
    _field("stream.sha256", "stream", TEXT, "SHA-256", 64, "SHA-256 of the bytes."),
    _field("stream.text", "stream", TEXT, "TEXT", 60, "The content as text.", privacy="secret"),
)

_PROTOCOLS = (*WEB, *LOGINS, *TEXT_PROTOCOLS, *SERVICES, *SHARING, *DATABASES, *BROKERS, *ROUTING, *INDUSTRIAL, *CALLS,
              *TELEMETRY)
# a list that what a flow says fills is bounded, and says so
_MORE = tuple(Field(f"{field.name}_more", ("flow", "dns") if field.name == "dns.answers" else ("flow",), INT, "MORE", 6,
                    f"How many more different ones there were, at least, than `{field.name}` has; 120 are counted.")
              for field in _PROTOCOLS if field.many and "flow" in field.kinds and field.name.count(".") == 1)
FIELDS: tuple[Field, ...] = (*_IDENTITY, *_COUNTS, *_HEALTH, *_NAMING, *ENDS, *_OWNER, *_PROTOCOLS, *_MORE, *_PACKET,
                             *HEADERS, *_STREAM, *ALERTS, *FINDINGS, *SUMMED)
MESSAGES = frozenset({"dns", "http"})   # kinds of record of which a flow has many
# objects of a flow that speak of its first or newest message; and what in them does not
OF_MESSAGES = ("dns.", "mdns.", "llmnr.", "http.", "http2.", "http3.", "grpc.")
OF_PACKETS = ("ttl", "icmp.", "tcp_flags_")      # of its first packet, or of all: no packet's own
OF_FLOW = frozenset(field.name for field in FIELDS if field.name.startswith("http") and (
    ".login." in field.name or field.name.endswith((".transactions", ".goaway"))))
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
SEARCHED: tuple[Field, ...] = tuple(field for field in FIELDS if field.search)


def _names() -> dict[str, tuple[Field, ...]]:
    """Filter name, lower case → the fields it stands for; any of them may answer."""
    found: dict[str, tuple[Field, ...]] = {}
    for field in FIELDS:
        for name in (field.name, *field.names):
            found[name] = (*found.get(name, ()), field)
    return found


NAMES: Mapping[str, tuple[Field, ...]] = _names()


@cache
def names_for(kinds: tuple[str, ...]) -> Mapping[str, tuple[Field, ...]]:
    """What names mean where records of these kinds are asked: the key of such a record is its own field first."""
    found = dict(NAMES)
    for kind in kinds:
        for field in fields_of(kind):
            name = field.key(kind)
            others = tuple(other for other in found.get(name, ()) if other != field and other.type is field.type)
            found[name] = (field,) if kind in field.asked else (field, *others)
        for name, field in shorts_of(kind).items():
            others = tuple(other for other in found.get(name, ()) if other != field and other.type is field.type)
            found[name] = (field, *others)
    return found


@cache
def shorts_of(kind: str) -> Mapping[str, Field]:
    """What tables head the columns of such records with that stand in objects (`name` is questions.name of dns): the
    end of the key, where no field of theirs is called so."""
    if kind in ("flow", "packet"):
        return {}
    mine = fields_of(kind)
    named = {name for field in mine for name in (field.key(kind), field.name, *field.names)}
    found: dict[str, Field] = {}
    for field in mine:
        short = field.key(kind).rpartition(".")[2]
        if short not in named:
            found.setdefault(short, field)
    return found


def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of the records of a kind, in the order of the table."""
    return tuple(field for field in FIELDS if kind in field.kinds)


def whole_of(kind: str) -> tuple[Field, ...]:
    """Those that whole records have: no sums, and nothing that must be asked for."""
    return tuple(field for field in fields_of(kind) if not field.parts and kind not in field.asked)


def answering(fields: Iterable[Field], kind: str) -> tuple[str, tuple[Field, ...]]:
    """(kind of record, fields) that answer for some fields where records of a kind are asked: their own, else those of
    their flow; but what a flow says of one of its messages is no other message's. Without fields: nobody does."""
    own = tuple(field for field in fields if kind in field.kinds)
    if own or kind == "flow":
        return kind, own
    theirs = OF_MESSAGES if kind in MESSAGES else OF_PACKETS if kind == "packet" else ()
    return "flow", tuple(field for field in fields
                         if "flow" in field.kinds and (field.name in OF_FLOW or not field.name.startswith(theirs)))


def transport_of(name: str) -> str | None:
    """The protocol a Wireshark name implies: tcp.port speaks of TCP alone, our own port of any transport."""
    prefix, dot, _ = name.partition(".")
    return prefix if dot and prefix in ("tcp", "udp") else None
