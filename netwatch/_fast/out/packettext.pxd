"""Packet rows as packet records."""
from netwatch._fast.wire.packetrow cimport PacketRow

cdef dict packet_record(const PacketRow* pk)
