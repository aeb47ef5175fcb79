"""Mailslot writes (MS-MAIL section 2.2.1): an SMB1 transaction in a NetBIOS datagram, and the browser's among them.

The browser protocol (MS-BRWS section 2.2) announces hosts with their system, roles and comment. What is learnt here
stands among NetBIOS's facts: these datagrams have no session of their own.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, Slice, le16, slice_of
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_text, keep_u8
from netwatch._fast.proto.netbios.facts cimport (NETBIOS_BROWSER, NETBIOS_COMMENT, NETBIOS_HOST, NETBIOS_MAILSLOT,
                                                 NETBIOS_ROLES, NETBIOS_SYSTEM)
from netwatch._fast.proto.common.utf16 cimport narrow, part

cdef enum:
    HEADER = 32                # MS-CIFS section 2.2.3.1
    TRANS = 0x25
    WORDS = 17                 # 14 and three of setup, MS-MAIL section 2.2.1
    NAME = 69                  # header, words with their count, count of bytes
    DATA_COUNT = 55            # words 11 and 12
    DATA_OFFSET = 57
    HOST_ANNOUNCEMENT = 1      # MS-BRWS section 2.2
    DOMAIN_ANNOUNCEMENT = 12
    LOCAL_MASTER = 15
    BROWSER_LAST = 15
    ANNOUNCED = 32             # bytes before the comment
    FEW = 8


cdef void browser(Look* look, Slice data) noexcept nogil:
    """Opcode; of an announcement the host, its system's version, what it serves as, and the comment."""
    cdef u8 op = data.p[0]
    if op == 0 or op > BROWSER_LAST:
        return
    keep_u8(look, NETBIOS_BROWSER, op, FEW)
    if data.n < ANNOUNCED or (op != HOST_ANNOUNCEMENT and op != DOMAIN_ANNOUNCEMENT and op != LOCAL_MASTER):
        return
    keep_text(look, NETBIOS_HOST, narrow(slice_of(data.p + 6, 16)), FEW)
    if op != DOMAIN_ANNOUNCEMENT:
        fact_distinct(look, NETBIOS_SYSTEM, data.p + 22, 2, 2)
        fact_distinct(look, NETBIOS_ROLES, data.p + 24, 4, 2)
        keep_text(look, NETBIOS_COMMENT, narrow(slice_of(data.p + ANNOUNCED, data.n - ANNOUNCED)), 2)


cdef void mailslot_learn(Look* look, Slice m) noexcept nogil:
    """The user data of a datagram; no news when it is not a mailslot write."""
    cdef Slice name, data
    if m.n <= NAME or memcmp(m.p, b"\xffSMB", 4) != 0 or m.p[4] != TRANS or m.p[HEADER] != WORDS:
        return
    name = narrow(slice_of(m.p + NAME, m.n - NAME))
    if name.n < 10 or memcmp(name.p, b"\\MAILSLOT\\", 10) != 0:
        return
    keep_text(look, NETBIOS_MAILSLOT, name, FEW)
    data = part(m, le16(m.p + DATA_OFFSET), le16(m.p + DATA_COUNT))
    if data.n and name.n == 16 and memcmp(name.p + 10, b"BROWSE", 6) == 0:
        browser(look, data)
