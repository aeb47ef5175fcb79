"""DNS: what is learnt of a flow."""
cdef enum:                     # fact keys
    DNS_NAME = 1               # text of a name asked for; several
    DNS_TYPE = 2               # a type asked for, 2 bytes; several
    DNS_ANSWER = 3             # type, 2 bytes, and data: address bytes, or a name as text; several
    DNS_RCODE = 4              # of the newest response, 2 bytes
    DNS_LATENCY = 5            # ns, 8 bytes, of the newest response whose query was seen
    DNS_COUNTS = 6             # queries and responses, 4 bytes each, native order
    DNS_TRANSPORT = 7          # 1 byte, OVER_*
    DNS_RCODES = 8             # of all responses, where they differ: a bit each, 2 bytes, big-endian

cdef enum:                     # also in the payload of an event
    OVER_UDP = 0
    OVER_TCP = 1
    OVER_MDNS = 2
    OVER_LLMNR = 3
    OVER_HTTPS = 4             # in HTTP/1, which no lower layer hides
