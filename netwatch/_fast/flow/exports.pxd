"""An event kind beside those of content.pxd: what exporters of flows say."""

cdef enum:
    EV_EXPORT = 11             # an export packet: how long the address of who sent it is, 16 bytes for it, the packet
