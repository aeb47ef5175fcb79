"""What single headers of a packet say: only where somebody asks for it."""
from netwatch._fast.out.values cimport Value
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:                     # behind the K_ codes of packetfields.pxd
    H_FIRST = 64
    H_ETH_SRC = 64
    H_ETH_DST, H_ETH_TYPE, H_TTL, H_IP_VERSION, H_IP_SRC, H_IP_DST, H_IP_TTL, H_IP_HEAD, H_DS, H_DSCP, H_ECN
    H_IP_LEN, H_IP_ID, H_IP_FLAGS, H_RB, H_DF, H_MF, H_OFFSET, H_IP_SUM, H_VERSION6, H_SRC6, H_DST6, H_HLIM
    H_CLASS, H_CLASS_DSCP, H_CLASS_ECN, H_LABEL, H_PLEN, H_NEXT, H_TCP_SPORT, H_TCP_DPORT, H_SEQ, H_ACK
    H_SEQ_RAW, H_ACK_RAW, H_TCP_HEAD, H_TCP_FLAGS, H_FIN, H_SYN, H_RST, H_PSH, H_ACK_FLAG, H_URG, H_ECE, H_CWR
    H_WINDOW, H_TCP_LEN, H_UDP_SPORT, H_UDP_DPORT, H_UDP_LENGTH, H_TYPE, H_CODE, H_IDENT, H_OPCODE
    H_LAST

cdef void header_value(const PacketRow* pk, int code, Value* v) noexcept nogil
