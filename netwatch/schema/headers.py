"""THE TABLE, the part of single headers: what is said of a packet only where it is asked for, by Wireshark's names.

Values are Wireshark's, of the innermost network header and of the Ethernet header that the frame begins with.
"""
from netwatch.schema.field import ADDRESS, BOOL, DURATION, INT, PORT, Field, Type, _field


def _of(name: str, kind: Type, title: str, width: int, help_: str, names: str = "", unit: str = "",
        privacy: str = "public") -> Field:
    return _field(name, "packet", kind, title, width, help_, names, unit, privacy, asked="packet")


_FLAGS = (("fin", "the sender has no more to send"), ("syn", "the sequence number is the first"),
          ("reset", "the connection is given up"), ("push", "what came is to be handed on"),
          ("ack", "the acknowledgement counts"), ("urg", "the urgent pointer counts"),
          ("ece", "congestion was met"), ("cwr", "the congestion window was reduced"))

HEADERS = (
    _of("frame.time_relative", DURATION, "SINCE", 12, "Time since the first frame of the input.", unit="s"),
    _of("frame.time_delta", DURATION, "DELTA", 12, "Time since the frame before; below 0 where they are not in order.",
        unit="s"),
    _of("eth.src", ADDRESS, "ETH SRC", 17, "Sender of the Ethernet frame.", "eth.addr", privacy="address"),
    _of("eth.dst", ADDRESS, "ETH DST", 17, "Receiver of the Ethernet frame.", "eth.addr", privacy="address"),
    _of("eth.type", INT, "TYPE", 6, "EtherType of the Ethernet header; absent where it is a length."),
    _of("ip.version", INT, "V", 2, "Version of the IP header: 4 or 6."),
    _of("ip.src", ADDRESS, "IP SRC", 15, "Sender that the IPv4 header says.", privacy="address"),
    _of("ip.dst", ADDRESS, "IP DST", 15, "Receiver that the IPv4 header says.", privacy="address"),
    _of("ip.ttl", INT, "TTL", 4, "Time to live of the IPv4 header."),
    _of("ip.hdr_len", INT, "HDR", 4, "Bytes of the IPv4 header, options included.", unit="B"),
    _of("ip.dsfield", INT, "DS", 4, "Differentiated services field of the IPv4 header, ECN included."),
    _of("ip.dsfield.dscp", INT, "DSCP", 5, "Differentiated services code point of the IPv4 header."),
    _of("ip.dsfield.ecn", INT, "ECN", 4, "Explicit congestion notification of the IPv4 header."),
    _of("ip.len", INT, "IP LEN", 7, "Total length that the IPv4 header says.", unit="B"),
    _of("ip.id", INT, "IP ID", 6, "Identification of the IPv4 header."),
    _of("ip.flags", INT, "FLAGS", 6, "The three flags of the IPv4 header: 2 is DF, 1 MF."),
    _of("ip.flags.rb", BOOL, "RB", 5, "The reserved bit of the IPv4 header."),
    _of("ip.flags.df", BOOL, "DF", 5, "The IPv4 header forbids fragments."),
    _of("ip.flags.mf", BOOL, "MF", 5, "More fragments follow this one of IPv4."),
    _of("ip.frag_offset", INT, "OFFSET", 7, "Where the fragment stands in its IPv4 datagram, in units of 8 bytes."),
    _of("ip.checksum", INT, "SUM", 6, "Checksum that the IPv4 header says."),
    _of("ipv6.version", INT, "V", 2, "Version of an IPv6 header: 6."),
    _of("ipv6.src", ADDRESS, "IPV6 SRC", 39, "Sender that the IPv6 header says.", privacy="address"),
    _of("ipv6.dst", ADDRESS, "IPV6 DST", 39, "Receiver that the IPv6 header says.", privacy="address"),
    _of("ipv6.hlim", INT, "HLIM", 5, "Hop limit of the IPv6 header."),
    _of("ipv6.tclass", INT, "CLASS", 6, "Traffic class of the IPv6 header, ECN included."),
    _of("ipv6.tclass.dscp", INT, "DSCP", 5, "Differentiated services code point of the IPv6 header."),
    _of("ipv6.tclass.ecn", INT, "ECN", 4, "Explicit congestion notification of the IPv6 header."),
    _of("ipv6.flow", INT, "LABEL", 8, "Flow label of the IPv6 header."),
    _of("ipv6.plen", INT, "PLEN", 6, "Payload length that the IPv6 header says.", unit="B"),
    _of("ipv6.nxt", INT, "NEXT", 5, "Next header of the IPv6 header."),
    _of("tcp.srcport", PORT, "SPORT", 6, "Port that a TCP segment is from."),
    _of("tcp.dstport", PORT, "DPORT", 6, "Port that a TCP segment is for."),
    _of("tcp.seq", INT, "SEQ", 10, "Sequence number, relative to the first of its side."),
    _of("tcp.ack", INT, "ACK", 10, "Acknowledgement number, relative to the first sequence number of the other side."),
    _of("tcp.seq_raw", INT, "SEQ RAW", 10, "Sequence number as it is."),
    _of("tcp.ack_raw", INT, "ACK RAW", 10, "Acknowledgement number as it is."),
    _of("tcp.hdr_len", INT, "HDR", 4, "Bytes of the TCP header, options included.", unit="B"),
    _of("tcp.flags", INT, "FLAGS", 6, "The flags of the TCP header as a number: 2 is SYN, 16 ACK."),
    *(_of(f"tcp.flags.{name}", BOOL, name.upper(), 5, f"TCP flag: {meaning}.") for name, meaning in _FLAGS),
    _of("tcp.window_size_value", INT, "WINDOW", 7, "Window that the TCP header says, not scaled.", unit="B"),
    _of("tcp.len", INT, "TCP LEN", 7, "Bytes that the TCP segment carries.", unit="B"),
    _of("udp.srcport", PORT, "SPORT", 6, "Port that a UDP datagram is from."),
    _of("udp.dstport", PORT, "DPORT", 6, "Port that a UDP datagram is for."),
    _of("udp.length", INT, "UDP LEN", 7, "Length of the UDP datagram, its header included.", unit="B"),
    _of("arp.opcode", INT, "OP", 3, "Operation of ARP: 1 asks, 2 answers."),
)
