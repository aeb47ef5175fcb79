"""IEEE 802.11 data frames down to LLC, and the headers captures put before them: radiotap, Prism, AVS, PPI.

Protected frames are counted as such; management and control frames are named and carry no flow of their own.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, be16, be32, le16, le32
from netwatch._fast.wire.packet cimport FAMILY_MAC, PROTO_WLAN
from netwatch._fast.wire.names cimport (LAYER_AMSDU, LAYER_PPI, LAYER_RADIOTAP, LAYER_WLAN, REJECT_ENCRYPTED_LINK,
                                        REJECT_LINK_CUT)
from netwatch._fast.wire.cursor cimport (Cursor, MARK_BSS, NEXT_AMSDU, NEXT_LINK, NEXT_LLC, NEXT_WLAN,
                                         NEXT_WLAN_SWAPPED, advance, be48, captured, layer, mark_place, reject,
                                         stands_alone)


cdef void radiotap_open(Cursor* c) noexcept nogil:
    """LINKTYPE_IEEE802_11_RADIOTAP 127, _PRISM 119, _AVS 163, _PPI 192: skip to the frame within."""
    cdef const u8* p = c.p
    cdef u16 link = c.link
    cdef u32 n
    layer(c, LAYER_PPI if link == 192 else LAYER_RADIOTAP)
    c.next = NEXT_WLAN
    if captured(c) < 8:
        reject(c, REJECT_LINK_CUT)
        return
    if link == 127:
        n = le16(p + 2)
    elif link == 192:
        n = le16(p + 2)
        c.link = <u16>(le32(p + 4) & 0xffff)
        c.next = NEXT_LINK
    elif link == 119:
        n = le32(p + 4) if le32(p + 4) < 4096 else be32(p + 4)
    else:
        n = be32(p + 4)
    if n < 8 or not advance(c, n):
        reject(c, REJECT_LINK_CUT)


cdef void wlan_step(Cursor* c) noexcept nogil:
    """IEEE 802.11-2020 section 9.3.2.1: a data frame's header, then LLC."""
    cdef const u8* p = c.p
    cdef u32 n = 24
    cdef u8 control, bits, kind, subtype
    layer(c, LAYER_WLAN)
    if captured(c) < 10:
        reject(c, REJECT_LINK_CUT)
        return
    control, bits = p[0], p[1]
    if c.next == NEXT_WLAN_SWAPPED:
        control, bits = bits, control
    kind, subtype = (control >> 2) & 3, control >> 4
    if kind != 2 or subtype & 4:                   # not data, or data without a body
        no_data(c, p, kind, subtype)
        return
    if captured(c) < 24:
        reject(c, REJECT_LINK_CUT)
        return
    if bits & 3 == 3:                              # to and from the distribution system: a fourth address
        n += 6
    if subtype & 8:
        n += 2                                     # QoS control
        if bits & 0x80:
            n += 4                                 # HT control
    if bits & 0x40:
        reject(c, REJECT_ENCRYPTED_LINK)
        return
    if not advance(c, n):
        reject(c, REJECT_LINK_CUT)
        return
    memcpy(c.pk.dst, p + (16 if bits & 1 else 4), 6)
    memcpy(c.pk.src, p + (24 if bits & 3 == 3 else 16 if bits & 2 else 10), 6)
    c.pk.family = FAMILY_MAC
    # between access points there is none, but the same stations
    mark_place(c, MARK_BSS, be48(p + (4 if bits & 1 else 10 if bits & 2 else 16)) if bits & 3 != 3 else 0,
               c.pk.src, c.pk.dst)
    if subtype & 8 and p[n - (6 if bits & 0x80 else 2)] & 0x80:
        c.amsdu_layers = c.pk.n_layers
        c.amsdu_depth = c.pk.depth
        c.amsdu_encap = c.encap[0]
        c.next = NEXT_AMSDU
        return
    if captured(c) >= 10 and be16(c.p) == 0 and be16(c.p + 2) == 0xAAAA:
        advance(c, 2)                              # padded to four bytes by the driver
    c.next = NEXT_LLC


cdef void amsdu_step(Cursor* c) noexcept nogil:
    """One sub-frame of an A-MSDU (IEEE 802.11-2020 section 9.3.2.2): addresses, length, LLC; the next begins at a
    multiple of four bytes, and parse_frame comes back for it."""
    cdef const u8* p = c.p
    cdef u32 n, padded
    layer(c, LAYER_AMSDU)
    n = be16(p + 12) if captured(c) >= 14 else 0
    if not advance(c, 14):
        reject(c, REJECT_LINK_CUT)
        return
    memcpy(c.pk.dst, p, 6)
    memcpy(c.pk.src, p + 6, 6)
    c.pk.family = FAMILY_MAC
    padded = (14 + n + 3 & ~<u32>3) - 14
    if padded < captured(c):
        c.more = c.p + padded
        c.more_end = c.end
        c.more_cut = c.wire - captured(c) if c.wire > captured(c) else 0
    if padded < c.wire:                            # the next ones have their own bytes, captured or not
        c.pk.wire -= c.wire - padded if c.wire - padded < c.pk.wire else 0
    if n < captured(c):
        c.end = c.p + n
    if n < c.wire:
        c.wire = n
    c.next = NEXT_LLC


cdef void no_data(Cursor* c, const u8* p, u8 kind, u8 subtype) noexcept nogil:
    """Management, control, or data without a body: named after its type and subtype. Acknowledgements have no
    sender."""
    memcpy(c.pk.dst, p + 4, 6)
    if captured(c) >= 16:
        memcpy(c.pk.src, p + 10, 6)
    c.pk.family = FAMILY_MAC
    stands_alone(c, PROTO_WLAN + kind * 16 + subtype, 0)
