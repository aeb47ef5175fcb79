"""Frames to Packets: the batch entry.

A frame gives one Packet per transport layer: a VXLAN-carried TCP segment gives the outer UDP and the inner TCP. A frame
from which no flow can be made gives one Packet with `reject` set.
"""
from netwatch._fast.wire.cursor cimport Parser
from netwatch._fast.wire.packet cimport Frame

cdef void parse_frame(Parser* parser, const Frame* frame) noexcept nogil
