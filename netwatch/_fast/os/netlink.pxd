"""A netlink socket: requests and their answers. See netlink.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32

cdef extern from "<linux/netlink.h>" nogil:
    struct nlmsghdr:
        u32 nlmsg_len
        u16 nlmsg_type
        u16 nlmsg_flags
        u32 nlmsg_seq
        u32 nlmsg_pid
    int NETLINK_ROUTE
    enum: NETLINK_SOCK_DIAG
    int NLMSG_DONE
    int NLMSG_ERROR
    int NLM_F_REQUEST
    int NLM_F_DUMP
    enum: NLM_F_DUMP_INTR
    int NETLINK_EXT_ACK

# takes one message of an answer: its header and what follows it
ctypedef void (*on_message)(void* user, const nlmsghdr* head, const u8* body, u32 length) noexcept nogil

cdef class Netlink:
    cdef int fd
    cdef u32 seq
    cdef u8* buffer
    cdef bint interrupted      # the last dump was disturbed by a change: something may be missing
    cdef int ask(self, u16 kind, u16 flags, const u8* body, u32 length, on_message each, void* user) noexcept nogil
