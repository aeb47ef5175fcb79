"""How long a flow may be idle before it ends, by its state; a protocol may have a time of its own (Proto.timeout)."""
# defaults in seconds, by name of the configuration key, in the order of TO_*
TIMEOUTS = {
    "tcp_opening": 60, "tcp_established": 300, "tcp_conversing": 600, "tcp_closing": 60, "tcp_time_wait": 30,
    "tcp_closed": 5, "tcp_unknown": 120, "udp": 60, "icmp": 10, "arp": 30, "sctp": 300, "other": 60,
    "quic_opening": 60, "quic_closed": 10,
}
assert len(TIMEOUTS) == TO_COUNT
