"""What a packet's record says, for others than the events."""
from netwatch._fast.wire.packet cimport Frame, Packet

cdef dict packet_record(const Packet* pk, const Frame* f)
