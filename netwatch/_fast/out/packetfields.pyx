"""Getters of packet records, from packet rows: by the names of CONTRACT section 3."""
from cpython.list cimport PyList_GET_ITEM
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeASCII

from netwatch._fast.base.bytes cimport i64, u8, u32, u64
from netwatch._fast.out.packetheaders cimport H_FIRST, header_value
from netwatch._fast.out.values cimport (Value, V_ABSENT, V_ADDRESS, V_SECONDS, V_TIME, give_number, give_object,
                                        to_object)
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_address, put_byte, put_bytes, put_number
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_MAC, FAMILY_NONE, MAX_LAYERS, MAX_TAGS, PROTO_ARP,
                                         PROTO_ICMP, PROTO_ICMP6, PROTO_L2, PROTO_TCP, PROTO_UDP, PROTO_UDPLITE, kept)
from netwatch._fast.wire.ports cimport has_ports
from netwatch._fast.wire.packetrow cimport PacketRow

from netwatch._fast.dpi import app_names
from netwatch._fast.input.source import file_of
from netwatch._fast.out.packetheaders import FIELDS as HEADERS
from netwatch._fast.out.names import LAYERS, REJECTS, interface_text, proto_name, set_names

cdef enum:
    ARP_REQUEST = 1            # RFC 826
    REMEMBERED = 4096          # stacks of layers, and notes, whose words are kept

cdef list APPS = app_names()
cdef list PROTO_NAMES = [proto_name(number) for number in range(512)]

FIELDS = (
    ("n", K_N), ("time", K_TIME), ("len", K_LEN), ("caplen", K_CAPLEN), ("src", K_SRC), ("dst", K_DST),
    ("sport", K_SPORT), ("dport", K_DPORT), ("proto", K_PROTO), ("info", K_INFO), ("layers", K_LAYERS),
    ("layers_more", K_LAYERS_MORE), ("notes", K_NOTES), ("flow", K_FLOW), ("app", K_APP), ("interface", K_INTERFACE),
    ("file", K_FILE),
)
FURTHER = (*HEADERS, ("vlan", K_VLAN), ("vlan_more", K_VLAN_MORE), ("frame.time_relative", K_SINCE),
           ("frame.time_delta", K_DELTA))
FURTHER_BY_NAME = dict(FURTHER)    # of records only where they are asked for
BY_NAME = {**dict(FIELDS), **FURTHER_BY_NAME}


cdef inline void give_more(Value* v, u8 n, int most) noexcept:
    if n > most:
        give_number(v, n - most)


cdef class PacketFields:
    """`interfaces`: the source's list, which may grow."""

    def __init__(self, interfaces: list[Record]):
        self.interfaces = interfaces
        self.interface_names = {}
        self.link_protos = {}
        self.layers = {}
        self.notes = {}

    def __dealloc__(self):
        buf_free(&self.line)

    cdef int value(self, const PacketRow* pk, int field, Value* v) except -1:
        """The value of a field, V_ABSENT where it is not known or does not apply. It holds until the next is asked."""
        v.kind = V_ABSENT
        if field >= H_FIRST:
            header_value(pk, field, v)
        elif field == K_N:
            give_number(v, pk.n)
        elif field == K_TIME:
            if not pk.timeless:
                v.kind = V_TIME
                v.number = pk.ts
        elif field == K_LEN:
            give_number(v, pk.len)
        elif field == K_CAPLEN:
            give_number(v, pk.caplen)
        elif field == K_LAYERS:
            found = self.layers_of(pk)                  # the dict keeps it
            give_object(v, <PyObject*>found)
        elif field == K_NOTES:
            self.noted(pk, v)
        elif field == K_FLOW:
            if pk.flow:
                give_number(v, pk.flow)
        elif field == K_APP:
            if pk.app:
                give_object(v, PyList_GET_ITEM(APPS, pk.app))
        elif field == K_INTERFACE:
            self.interface(pk, v)
        elif field == K_FILE:
            if self.interfaces:
                self.held = file_of(self.interfaces, pk.n)
                if self.held is not None:
                    give_object(v, <PyObject*>self.held)
        elif field == K_SINCE or field == K_DELTA:
            if pk.timed:
                self.seconds(pk, pk.since if field == K_SINCE else pk.delta, v)
        elif field == K_VLAN:
            self.vlans(pk, v)
        elif field == K_VLAN_MORE:
            give_more(v, pk.n_vlan, MAX_TAGS)
        elif field == K_LAYERS_MORE:
            give_more(v, pk.n_layers, MAX_LAYERS)
        elif pk.family != FAMILY_NONE:
            self.ends(pk, field, v)
        return 0

    cdef int ends(self, const PacketRow* pk, int field, Value* v) except -1:
        """What a packet with a network header says."""
        if field == K_SRC or field == K_DST:
            v.kind = V_ADDRESS
            v.address = &pk.src[0] if field == K_SRC else &pk.dst[0]
            v.family = pk.family
        elif field == K_SPORT or field == K_DPORT:
            if has_ports(pk.proto) and not pk.reject:
                give_number(v, pk.sport if field == K_SPORT else pk.dport)
        elif field == K_PROTO:
            give_object(v, self.proto(pk))
        elif field == K_INFO and not pk.reject:
            self.line.n = 0
            put_info(&self.line, pk)
            check(&self.line)
            self.held = PyUnicode_DecodeASCII(<const char*>self.line.mem, self.line.n, NULL)
            give_object(v, <PyObject*>self.held)
        return 0

    cdef PyObject* proto(self, const PacketRow* pk) except NULL:
        if pk.proto != PROTO_L2:
            return <PyObject*>PyList_GET_ITEM(PROTO_NAMES, pk.proto & 511)
        name = self.link_protos.get(pk.sub)
        if name is None:
            name = self.link_protos[pk.sub] = proto_name(PROTO_L2, pk.sub)
        return <PyObject*>name

    cdef list layers_of(self, const PacketRow* pk):
        """Their names, made once for all packets that have the same."""
        key = (<const char*>pk.layers)[:min(pk.n_layers, <u8>MAX_LAYERS)]
        found = self.layers.get(key)
        if found is None:
            if len(self.layers) >= REMEMBERED:
                self.layers.clear()
            found = self.layers[key] = [LAYERS[layer] for layer in key]
        return found

    cdef int noted(self, const PacketRow* pk, Value* v) except -1:
        cdef bint cut = pk.caplen < pk.len
        if pk.notes or pk.reject or cut:
            key = pk.notes, pk.reject, cut
            found = self.notes.get(key)
            if found is None:
                if len(self.notes) >= REMEMBERED:
                    self.notes.clear()
                found = self.notes[key] = set_names(pk.notes)
                if pk.reject:
                    found.append(REJECTS[pk.reject])
                if cut:
                    found.append("cut by snap length")
            give_object(v, <PyObject*>found)
        return 0

    cdef int interface(self, const PacketRow* pk, Value* v) except -1:
        if self.known_interfaces != len(self.interfaces):
            self.known_interfaces = len(self.interfaces)
            self.interface_names.clear()
        key = <u64>pk.ifindex << 16 | pk.iface
        name = self.interface_names.get(key)
        if name is None:
            if len(self.interface_names) >= REMEMBERED:
                self.interface_names.clear()
            name = self.interface_names[key] = interface_text(self.interfaces, pk.iface, pk.ifindex) or ""
        if name:
            give_object(v, <PyObject*>name)             # the dict keeps it
        return 0

    cdef int seconds(self, const PacketRow* pk, i64 ns, Value* v) except -1:
        """A time that has gone by; less than none where frames are not in order."""
        if ns >= 0:
            v.kind = V_SECONDS
            v.number = ns
        else:
            self.held = ns / 1e9
            give_object(v, <PyObject*>self.held)
        return 0

    cdef int vlans(self, const PacketRow* pk, Value* v) except -1:
        if pk.n_vlan:
            self.held = [pk.vlan[i] for i in range(kept(pk.n_vlan))]
            give_object(v, <PyObject*>self.held)
        return 0

    cdef object one(self, const PacketRow* pk, str name):
        """The value of one field, None where it has none."""
        cdef Value v
        self.value(pk, BY_NAME[name], &v)
        return to_object(&v)

    cdef dict record(self, const PacketRow* pk, object wanted):
        """The record as a dict. `wanted`: these of its keys, None all that whole records have."""
        cdef Value v
        r = {"schema": "netwatch.packet/1"}
        for name, field in FIELDS:
            if wanted is not None and name not in wanted:
                continue
            self.value(pk, field, &v)
            if v.kind != V_ABSENT:
                r[name] = to_object(&v)
        if wanted is not None:
            for name in wanted:
                if name in FURTHER_BY_NAME and (found := self.one(pk, name)) is not None:
                    r[name] = found
        return r


cdef inline void put_word(Buf* b, const char* word, u32 n, u32 number) noexcept nogil:
    put_bytes(b, word, n)
    put_number(b, number)


cdef void put_info(Buf* b, const PacketRow* pk) noexcept nogil:
    """One line for a packet that no protocol has spoken about."""
    if pk.part:
        put_word(b, b"fragment at ", 12, (<u32>pk.part - 1) * 8)
        put_word(b, b" len ", 5, pk.wire_payload)
    elif pk.proto == PROTO_TCP:
        put_number(b, pk.sport)
        put_word(b, b" > ", 3, pk.dport)
        put_flags(b, pk.flags)
        put_word(b, b" seq ", 5, pk.seq)
        put_word(b, b" ack ", 5, pk.ack)
        put_word(b, b" win ", 5, pk.window)
        put_word(b, b" len ", 5, pk.wire_payload)
    elif pk.proto == PROTO_UDP or pk.proto == PROTO_UDPLITE:
        put_number(b, pk.sport)
        put_word(b, b" > ", 3, pk.dport)
        put_word(b, b" len ", 5, pk.wire_payload)
    elif pk.proto == PROTO_ICMP or pk.proto == PROTO_ICMP6:
        put_word(b, b"type ", 5, pk.icmp_type)
        put_word(b, b" code ", 6, pk.icmp_code)
        if pk.sport:
            put_word(b, b" id ", 4, pk.sport)
    elif pk.proto == PROTO_ARP:
        put_arp(b, pk)
    else:
        put_word(b, b"len ", 4, pk.wire_payload)


cdef void put_arp(Buf* b, const PacketRow* pk) noexcept nogil:
    if pk.icmp_type == ARP_REQUEST:
        put_bytes(b, b"who has ", 8)
        put_address(b, pk.dst, FAMILY_IP4)
    elif pk.has_mac:
        put_address(b, pk.src, FAMILY_IP4)
        put_bytes(b, b" is at ", 7)
        put_address(b, pk.mac, FAMILY_MAC)
    else:
        put_bytes(b, b"arp", 3)


cdef void put_flags(Buf* b, u8 flags) noexcept nogil:
    """[SYN ACK], lowest bit first (RFC 9293 section 3.1)."""
    cdef const char* names = b"FINSYNRSTPSHACKURGECECWR"
    cdef int i
    cdef bint more = False
    put_bytes(b, b" [", 2)
    for i in range(8):
        if flags >> i & 1:
            if more:
                put_byte(b, c' ')
            put_bytes(b, names + 3 * i, 3)
            more = True
    put_byte(b, c']')
