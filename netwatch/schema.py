"""THE TABLE: every field of every record, one line each.

From it come the filter language's names, the JSON and CSV keys, the columns on screen and their help, and the
reference pages docs/fields.md and docs/filter.md. It is data and look-ups only: it imports nothing of ours, reads
nothing, and does not know how a value is obtained.
"""
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a value is; it decides how a filter compares it and how the screen prints it."""

    INT = "number"
    TEXT = "text"
    ADDRESS = "address"
    PORT = "port"
    BOOL = "yes/no"
    TIME = "time"
    DURATION = "duration"
    BYTES = "bytes"
    RATE = "rate"


class Privacy(StrEnum):
    """What privacy mode does to a value: nothing, redact as an address or a name, or always mask."""

    PUBLIC = "public"
    ADDRESS = "address"
    NAME = "name"
    SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` is its dotted path in the flow record; see `key` for the other records."""

    name: str
    kinds: tuple[str, ...]           # records it is found in: flow packet dns http tls stream
    type: Type
    title: str                       # heading of its column
    width: int                       # cells of that column, heading included
    help: str                        # one sentence
    names: tuple[str, ...] = ()      # further names in filters; one name may stand at several fields: any of them
    unit: str = ""                   # of the number in the record
    privacy: Privacy = Privacy.PUBLIC
    many: bool = False               # a list of such values
    parts: tuple[str, ...] = ()      # not in the record: the sum of these
    search: bool = False             # a bare word of a filter is looked for here

    @property
    def align(self) -> str:
        """"right" for quantities, "left" for the rest."""
        return "left" if self.type in LEFT or self.many else "right"

    def key(self, kind: str) -> str:
        """The dotted path in a record of that kind: the http record says `host` where the flow says `http.host`."""
        prefix = kind + "."
        return self.name[len(prefix):] if self.name.startswith(prefix) else self.name


LEFT = frozenset({Type.TEXT, Type.ADDRESS, Type.BOOL, Type.TIME})
INT, TEXT, ADDRESS, PORT, BOOL = Type.INT, Type.TEXT, Type.ADDRESS, Type.PORT, Type.BOOL
TIME, DURATION, BYTES, RATE = Type.TIME, Type.DURATION, Type.BYTES, Type.RATE
UNIT_NS: Mapping[str, int] = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def _field(name: str, kinds: str, kind: Type, title: str, width: int, help_: str, names: str = "", unit: str = "",
           privacy: str = "public", parts: str = "", many: bool = False, search: bool = False) -> Field:
    unit = unit or {BYTES: "B", RATE: "B/s"}.get(kind, "")
    return Field(name, tuple(kinds.split()), kind, title, width, help_, tuple(names.split()), unit, Privacy(privacy),
                 many, tuple(parts.split()), search)


def _pair(name: str, kind: Type, title: str, width: int, what: str, names: str = "", total: bool = True,
          ) -> tuple[Field, ...]:
    """The fields `name`_out, `name`_in and, unless told not to, their sum under `name`."""
    out = _field(f"{name}_out", "flow", kind, f"{title}↑", width, f"{what}, initiator to responder.")
    into = _field(f"{name}_in", "flow", kind, f"{title}↓", width, f"{what}, responder to initiator.")
    both = _field(name, "flow", kind, title, width, f"{what}, both directions.", names,
                  parts=f"{name}_out {name}_in")
    return (out, into, both) if total else (out, into)


# ------------------------------------------------------------------------------------------------------------ flow
_IDENTITY = (
    _field("id", "flow", INT, "ID", 7, "Number of the flow, in order of its first frame.", "flow.id"),
    _field("proto", "flow packet", TEXT, "PROTO", 6,
           "Transport (or, without one, network) protocol.", "protocol ip.proto", search=True),
    _field("src", "flow packet tls", ADDRESS, "SOURCE", 39,
           "Address of the initiator; of a packet, its sender.", "addr ip ip.addr ip.src ipv6.addr ipv6.src",
           privacy="address", search=True),
    _field("sport", "flow packet tls", PORT, "SPORT", 6,
           "Port of the initiator; of a packet, of its sender.",
           "srcport port tcp.port udp.port tcp.srcport udp.srcport",
           search=True),
    _field("dst", "flow packet tls", ADDRESS, "DESTINATION", 39,
           "Address of the responder; of a packet, its receiver.", "dest addr ip ip.addr ip.dst ipv6.addr ipv6.dst",
           privacy="address", search=True),
    _field("dport", "flow packet tls", PORT, "DPORT", 6,
           "Port of the responder; of a packet, of its receiver.",
           "dstport port tcp.port udp.port tcp.dstport udp.dstport",
           search=True),
    _field("initiator", "flow", TEXT, "INIT", 8, "How the initiator is known: seen (SYN, a request) or guessed."),
    _field("first", "flow", TIME, "FIRST", 30, "Time of the first frame, UTC."),
    _field("last", "flow", TIME, "LAST", 30, "Time of the newest frame, UTC."),
    _field("duration", "flow", DURATION, "TIME", 8, "From the first frame to the newest.", unit="s"),
    _field("interface", "flow packet", TEXT, "IFACE", 10,
           "Interface the flow was first seen on.", "iface frame.interface_name", search=True),
    _field("vlan", "flow", INT, "VLAN", 9, "VLAN identifiers, outermost first.", "vlan.id", many=True),
    _field("mpls", "flow", INT, "MPLS", 12, "MPLS labels, outermost first.", "mpls.label", many=True),
    _field("pppoe_session", "flow", INT, "PPPOE", 6, "PPPoE session identifier.", "pppoe.session_id"),
    _field("tunnel", "flow", TEXT, "TUNNEL", 24,
           "Tunnels around the flow, outermost first: kind, then its ends.", privacy="address", many=True),
    _field("state", "flow", TEXT, "STATE", 12, "State of the connection.", "tcp.state", search=True),
    _field("icmp.type", "flow", INT, "TYPE", 5, "ICMP or ICMPv6 type of the first packet.", "icmpv6.type"),
    _field("icmp.code", "flow", INT, "CODE", 5, "ICMP or ICMPv6 code of the first packet.", "icmpv6.code"),
    _field("icmp.id", "flow", INT, "ID", 6, "Identifier of an ICMP echo.", "icmp.ident"),
    _field("ended", "flow", TEXT, "ENDED", 12, "Why the flow is over: fin, rst, timeout, evicted, end-of-input."),
)

_COUNTS = (
    *_pair("packets", INT, "PKTS", 7, "Packets", "pkts"),
    *_pair("bytes", BYTES, "BYTES", 8, "Bytes of whole frames on the wire", "size"),
    *_pair("payload", BYTES, "DATA", 8, "Bytes of transport payload, retransmissions left out"),
    *_pair("rate", RATE, "RATE", 9, "Bytes per second, over the newest full second", "bps"),
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
    _field("sack", "flow", BOOL, "SACK", 5, "Both ends offered selective acknowledgements."),
    _field("tcp_flags_out", "flow", TEXT, "FLAGS↑", 12,
           "TCP flags the initiator has sent, one by one.", "tcp_flags tcp.flags", many=True),
    _field("tcp_flags_in", "flow", TEXT, "FLAGS↓", 12,
           "TCP flags the responder has sent, one by one.", "tcp_flags tcp.flags", many=True),
    _field("ttl", "flow", INT, "TTL", 4,
           "Time to live (hop limit) of the initiator's first packet, else the responder's.", "ip.ttl ipv6.hlim"),
)

_NAMING = (
    _field("app", "flow packet", TEXT, "APP", 10,
           "The most specific protocol recognised, lower case.", "application", search=True),
    _field("app_stack", "flow", TEXT, "STACK", 18, "The recognised protocols, outermost first.", "stack", many=True),
    _field("confidence", "flow", INT, "CONF", 5, "How sure `app` is, 0 to 100.", unit="%"),
    _field("service", "flow", TEXT, "SERVICE", 12,
           "IANA service name of the responder's port: a hint, not a finding.", "svc", search=True),
    _field("label", "flow", TEXT, "WHAT", 32, "One line that says what the flow is.", privacy="name"),
    _field("name.host", "flow", TEXT, "NAME", 28,
           "Host name of the remote side, learnt passively or by look-up.", "name host hostname",
           privacy="name", search=True),
    _field("name.via", "flow", TEXT, "VIA", 5, "Where that name comes from: sni, http, dns, mdns, ptr."),
    _field("name.age_s", "flow", DURATION, "AGE", 7, "Age of that name when the flow began.", unit="s"),
    _field("decrypted", "flow http", BOOL, "DECR", 5, "Any byte of the flow was decrypted."),
    _field("decrypt.keys", "flow", TEXT, "KEYS", 7, "Where the keys came from: keylog or dsb."),
    _field("decrypt.bytes", "flow", BYTES, "PLAIN", 8, "Bytes decrypted."),
    _field("decrypt.failed", "flow", INT, "FAILED", 7, "Records that did not decrypt."),
)

_OWNER = (
    _field("process.pid", "flow", INT, "PID", 8, "Process that owns the local socket.", "pid"),
    _field("process.name", "flow", TEXT, "PROCESS", 18, "Its name.", "process proc", privacy="name", search=True),
    _field("process.exe", "flow", TEXT, "EXE", 32, "Full path of its executable.", "exe", privacy="name"),
    _field("process.cmdline", "flow", TEXT, "COMMAND", 40, "Its command line.", "cmdline", privacy="secret"),
    _field("process.uid", "flow", INT, "UID", 6, "Its user's number.", "uid"),
    _field("process.user", "flow", TEXT, "USER", 10, "Its user's name.", "user", privacy="name"),
    _field("process.ppid", "flow", INT, "PPID", 8, "Its parent.", "ppid"),
    _field("process.container", "flow", TEXT, "CONTAINER", 16,
           "Container or pod it runs in.", "container pod", privacy="name"),
    _field("process.unit", "flow", TEXT, "UNIT", 18, "systemd unit it runs in.", "unit", privacy="name"),
    _field("process.method", "flow", TEXT, "METHOD", 10, "How the owner was found: ebpf, sock_diag, procfs ..."),
    _field("process.quality", "flow", TEXT, "QUALITY", 9, "How good that answer is."),
    _field("process.age_s", "flow", DURATION, "AGE", 7, "Age of that answer.", unit="s"),
    _field("process.unknown", "flow", TEXT, "UNKNOWN", 20, "Why the owner is not known."),
    _field("geo.country", "flow", TEXT, "CC", 3,
           "Country of the remote side, two letters.", "country", privacy="address", search=True),
    _field("geo.city", "flow", TEXT, "CITY", 16, "City of the remote side.", "city", privacy="address"),
    _field("geo.asn", "flow", INT, "ASN", 8, "Autonomous system of the remote side.", "asn", privacy="address"),
    _field("geo.org", "flow", TEXT, "ORG", 24, "Holder of that autonomous system.", "org", privacy="address"),
)

# --------------------------------------------------------------------------------------------- application protocols
_TLS = (
    _field("tls.sni", "flow tls", TEXT, "SNI", 28,
           "Server name the client asked for.", "sni host hostname tls.handshake.extensions_server_name",
           privacy="name", search=True),
    _field("tls.alpn", "flow tls", TEXT, "ALPN", 14,
           "Protocols the client offered.", "alpn tls.handshake.extensions_alpn_str", many=True),
    _field("tls.alpn_chosen", "flow tls", TEXT, "ALPN", 8, "Protocol the server chose."),
    _field("tls.version", "flow tls", TEXT, "TLS", 8, "Version agreed on."),
    _field("tls.cipher", "flow tls", TEXT, "CIPHER", 30, "Cipher suite the server chose.", "cipher"),
    _field("tls.ja3", "flow tls", TEXT, "JA3", 32, "JA3 fingerprint of the ClientHello.", "ja3 tls.handshake.ja3"),
    _field("tls.ja4", "flow tls", TEXT, "JA4", 36, "JA4 fingerprint of the ClientHello.", "ja4 tls.handshake.ja4"),
    _field("tls.ech", "flow tls", BOOL, "ECH", 4, "The client sent an Encrypted Client Hello.", "ech"),
    _field("tls.resumed", "flow tls", BOOL, "RESUMED", 8, "The session was resumed.", "resumed"),
    _field("tls.alert", "flow tls", TEXT, "ALERT", 20, "The first alert seen."),
    _field("tls.cert.subject", "flow tls", TEXT, "SUBJECT", 30,
           "Subject of the server's certificate.", "subject", privacy="name"),
    _field("tls.cert.issuer", "flow tls", TEXT, "ISSUER", 30, "Issuer of the server's certificate.", "issuer"),
    _field("tls.cert.san", "flow tls", TEXT, "SAN", 30,
           "Subject alternative names of that certificate.", "san", privacy="name", many=True),
    _field("tls.cert.not_before", "flow tls", TIME, "FROM", 30, "Start of its validity."),
    _field("tls.cert.not_after", "flow tls", TIME, "UNTIL", 30, "End of its validity."),
    _field("tls.cert.key", "flow tls", TEXT, "KEY", 10, "Kind and size of its key."),
    _field("tls.cert.sha256", "flow tls", TEXT, "SHA-256", 64, "SHA-256 of the certificate."),
)

_QUIC = (
    _field("quic.version", "flow", TEXT, "QUIC", 8, "QUIC version."),
    _field("quic.sni", "flow", TEXT, "SNI", 28,
           "Server name the client asked for.", "sni host hostname", privacy="name", search=True),
    _field("quic.alpn", "flow", TEXT, "ALPN", 8, "Protocols the client offered.", "alpn", many=True),
    _field("quic.ja4", "flow", TEXT, "JA4", 36, "JA4 fingerprint of the ClientHello, QUIC form.", "ja4"),
    _field("quic.dcid", "flow", TEXT, "DCID", 40, "Destination connection ID of the first Initial."),
    _field("quic.scid", "flow", TEXT, "SCID", 40, "Source connection ID of the first Initial."),
    _field("quic.close.code", "flow", INT, "CLOSE", 7, "Error code of the connection close."),
    _field("quic.close.reason", "flow", TEXT, "REASON", 24, "Reason the connection close gave."),
    _field("quic.close.side", "flow", TEXT, "SIDE", 9, "Who closed."),
    _field("quic.idle_timeout_ms", "flow", DURATION, "IDLE", 7, "Idle timeout both ends agreed on.", unit="ms"),
)

_HTTP = (
    _field("http.method", "flow http", TEXT, "METHOD", 7, "Request method.", "method http.request.method", search=True),
    _field("http.host", "flow http", TEXT, "HOST", 28,
           "Host or :authority of the request.", "host hostname", privacy="name", search=True),
    _field("http.path", "flow http", TEXT, "PATH", 32,
           "Path of the request; its first 300 characters in the http record.", "path url http.request.uri",
           privacy="name", search=True),
    _field("http.path_full", "http", TEXT, "PATH", 32,
           "The whole path, where it is longer than the 300 characters of `path`.", "path url http.request.uri",
           privacy="name", search=True),
    _field("http.status", "flow http", INT, "STATUS", 6, "Status code of the response.", "status http.response.code"),
    _field("http.user_agent", "flow", TEXT, "AGENT", 24, "User-Agent of the request.", "user_agent agent"),
    _field("http.content_type", "flow", TEXT, "CONTENT", 18, "Content-Type of the response.", "content_type"),
    _field("http.transactions", "flow", INT, "REQS", 5, "Transactions seen on the flow."),
    _field("http.version", "http", TEXT, "HTTP", 5, "HTTP version: 1.0, 1.1, 2 or 3."),
    _field("http.request_bytes", "http", BYTES, "REQ", 8, "Bytes of the request body."),
    _field("http.response_bytes", "http", BYTES, "RESP", 8, "Bytes of the response body."),
    _field("http.latency_us", "http", DURATION, "LATENCY", 8,
           "From the end of the request to the start of the response.", "latency", unit="us"),
)

_DNS = (
    _field("dns.names", "flow", TEXT, "QUERY", 28,
           "Names asked for.", "dns.name dns.qry.name query host hostname", privacy="name", many=True, search=True),
    _field("mdns.names", "flow", TEXT, "QUERY", 28,
           "Names asked for over mDNS.", "dns.name dns.qry.name query host hostname", privacy="name", many=True,
           search=True),
    _field("llmnr.names", "flow", TEXT, "QUERY", 28,
           "Names asked for over LLMNR.", "dns.name dns.qry.name query host hostname", privacy="name", many=True,
           search=True),
    _field("dns.types", "flow", TEXT, "TYPE", 6, "Types asked for.", "dns.type dns.qry.type qtype", many=True),
    _field("dns.answers", "flow", TEXT, "ANSWERS", 28,
           "Data of the answers.", "dns.answer answer", privacy="address", many=True),
    _field("dns.rcode", "flow dns", TEXT, "RCODE", 9, "Response code.", "rcode dns.flags.rcode"),
    _field("dns.latency_us", "flow dns", DURATION, "LATENCY", 8,
           "From the query to its response.", "latency", unit="us"),
    _field("dns.transport", "flow dns", TEXT, "OVER", 6, "udp, tcp, tls, https, quic, mdns or llmnr."),
    _field("dns.client", "dns", ADDRESS, "CLIENT", 39,
           "Who asked.", "src addr ip ip.addr ip.src", privacy="address", search=True),
    _field("dns.server", "dns", ADDRESS, "SERVER", 39,
           "Who was asked.", "dst addr ip ip.addr ip.dst", privacy="address", search=True),
    _field("dns.id", "dns", INT, "TXID", 6, "Transaction identifier."),
    _field("dns.qr", "dns", TEXT, "QR", 8, "query or response."),
    _field("dns.opcode", "dns", TEXT, "OPCODE", 7, "Kind of query.", "opcode"),
    _field("dns.flags", "dns", TEXT, "FLAGS", 12, "Header flags that are set.", many=True),
    _field("dns.questions.name", "dns", TEXT, "QUERY", 28,
           "Names in the question section.", "dns.names dns.name dns.qry.name query host hostname",
           privacy="name", many=True, search=True),
    _field("dns.questions.type", "dns", TEXT, "TYPE", 6,
           "Types in the question section.", "dns.types dns.type dns.qry.type qtype", many=True),
    _field("dns.questions.class", "dns", TEXT, "CLASS", 5, "Classes in the question section.", many=True),
    _field("dns.answers.name", "dns", TEXT, "OWNER", 28, "Owner names of the answers.", privacy="name", many=True),
    _field("dns.answers.type", "dns", TEXT, "ATYPE", 6, "Types of the answers.", many=True),
    _field("dns.answers.ttl", "dns", INT, "TTL", 7, "Times to live of the answers.", unit="s", many=True),
    _field("dns.answers.data", "dns", TEXT, "ANSWERS", 28,
           "Data of the answers.", "dns.answers dns.answer answer", privacy="address", many=True, search=True),
)

_SSH = (
    _field("ssh.client", "flow", TEXT, "SSH CLIENT", 24, "Banner of the client.", search=True),
    _field("ssh.server", "flow", TEXT, "SSH SERVER", 24, "Banner of the server.", search=True),
    _field("ssh.kex", "flow", TEXT, "KEX", 24, "Key exchange agreed on."),
    _field("ssh.host_key", "flow", TEXT, "HOST KEY", 18, "Host key algorithm agreed on."),
    _field("ssh.cipher_out", "flow", TEXT, "CIPHER↑", 24, "Cipher, client to server.", "ssh.cipher"),
    _field("ssh.cipher_in", "flow", TEXT, "CIPHER↓", 24, "Cipher, server to client.", "ssh.cipher"),
    _field("ssh.mac", "flow", TEXT, "MAC", 24, "Message authentication agreed on."),
    _field("ssh.hassh", "flow", TEXT, "HASSH", 32, "HASSH fingerprint of the client.", "hassh"),
    _field("ssh.hassh_server", "flow", TEXT, "HASSH-S", 32, "HASSH fingerprint of the server.", "hassh_server"),
)

# --------------------------------------------------------------------------------------------------- other records
_PACKET = (
    _field("n", "packet", INT, "NO", 8, "Number of the frame in the input, from 1.", "frame.number"),
    _field("time", "packet dns http tls", TIME, "TIME", 30, "Time of the frame, UTC.", "frame.time"),
    _field("len", "packet", BYTES, "LEN", 6, "Bytes of the frame on the wire.", "frame.len length"),
    _field("caplen", "packet", BYTES, "CAPLEN", 6, "Bytes of it that were captured.", "frame.cap_len"),
    _field("flow", "packet dns http tls stream", INT, "FLOW", 7, "The flow it belongs to."),
    _field("info", "packet", TEXT, "INFO", 60, "One line about the packet.", privacy="name", search=True),
    _field("layers", "packet", TEXT, "LAYERS", 24, "Its layers, outermost first.", "frame.protocols", many=True),
    _field("notes", "packet", TEXT, "NOTES", 20, "What is odd about it.", many=True, search=True),
)

_STREAM = (
    _field("stream.dir", "stream", TEXT, "DIR", 4, "out or in."),
    _field("stream.source", "stream", TEXT, "FROM", 9, "clear or decrypted."),
    _field("stream.protocol", "stream", TEXT, "PROTOCOL", 9, "What carried it."),
    _field("stream.bytes", "stream", BYTES, "BYTES", 8, "Bytes of the stream."),
    _field("stream.sha256", "stream", TEXT, "SHA-256", 64, "SHA-256 of the bytes."),
    _field("stream.text", "stream", TEXT, "TEXT", 60, "The content as text.", privacy="secret"),
)

FIELDS: tuple[Field, ...] = (*_IDENTITY, *_COUNTS, *_HEALTH, *_NAMING, *_OWNER, *_TLS, *_QUIC, *_HTTP, *_DNS, *_SSH,
                             *_PACKET, *_STREAM)
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


def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of the records of a kind, in the order of the table."""
    return tuple(field for field in FIELDS if kind in field.kinds)


def transport_of(name: str) -> str | None:
    """The protocol a Wireshark name implies: tcp.port speaks of TCP alone, our own port of any transport."""
    prefix, dot, _ = name.partition(".")
    return prefix if dot and prefix in ("tcp", "udp") else None
