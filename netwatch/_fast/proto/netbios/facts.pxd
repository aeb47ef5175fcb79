"""NetBIOS over TCP/UDP: name, datagram and session service: what is learnt of a flow, for the halves of its reader."""
cdef enum:                     # fact keys
    NETBIOS_SERVICE = 1        # 1 byte, SERVICE_*
    NETBIOS_NAME = 2           # 16 bytes: a name asked for, announced or called
    NETBIOS_FROM = 3           # 16 bytes: the name of who speaks
    NETBIOS_OP = 4             # opcode, 1 byte, 0x80 set in responses
    NETBIOS_RCODE = 5          # of the newest name response
    NETBIOS_ADDRESS = 6        # 4 bytes
    NETBIOS_MAC = 7            # 6 bytes, of a node status response
    NETBIOS_STATUS = 8         # session answer: packet type, error code
    NETBIOS_LATENCY = 9        # ns
    NETBIOS_MAILSLOT = 10      # name of an SMB mailslot written to
    NETBIOS_BROWSER = 11       # opcode of a browser message, 1 byte each
    NETBIOS_HOST = 12          # host or domain it announces
    NETBIOS_SYSTEM = 13        # version of its system: major, minor
    NETBIOS_ROLES = 14         # what it serves as, 4 bytes little-endian
    NETBIOS_COMMENT = 15
