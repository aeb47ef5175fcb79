"""Which packets pass a filter: Python is asked once about those that the filter cannot tell apart."""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix, mix_bytes
from netwatch._fast.out.packetfields cimport (K_APP, K_CAPLEN, K_DELTA, K_DPORT, K_DST, K_FLOW, K_INTERFACE, K_LAYERS,
                                              K_LAYERS_MORE, K_LEN, K_NOTES, K_PROTO, K_SINCE, K_SPORT, K_SRC, K_VLAN,
                                              K_VLAN_MORE)
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.out.packetheaders cimport H_FIRST, header_value
from netwatch._fast.out.values cimport Value, V_ABSENT, V_ADDRESS
from netwatch._fast.view.strings cimport strings_add, strings_clear, strings_close, strings_open
from netwatch._fast.wire.packet cimport FAMILY_IP6, FAMILY_MAC, MAX_LAYERS, kept
from netwatch._fast.wire.packetrow cimport PacketRow
from netwatch._fast.wire.ports cimport has_ports

from netwatch._fast.out.packetfields import BY_NAME, FURTHER_BY_NAME

cdef enum:
    REMEMBERED = 262144        # values of a field, and combinations of them, that are remembered
    REMEMBERED_BYTES = 33554432
    ROOM = 64                  # of all that a field is made from
    FIRST_ROOM = 256
    PORTS = 65536
    NEAR = 256                 # values of a field, and
    TOGETHER = 1024            # combinations that are found at once; powers of 2
    QUICK = 8                  # fields at most whose classes are, in a byte each

ALIKE: frozenset[str] = frozenset(("len", "caplen", "src", "dst", "sport", "dport", "proto", "layers", "notes", "flow",
                                   "app", "interface", *FURTHER_BY_NAME))


cdef class PacketVerdicts:
    """`classes`: for each field of packets that the filter looks at, what of its value matters to it. Where one of them
    is not of ALIKE, each packet is asked about; with `each`, each of its values, and not what they have in common."""

    def __cinit__(self):
        cdef u32 k
        for k in range(MOST + 1):
            strings_open(&self.seen[k].keys, REMEMBERED, REMEMBERED_BYTES)

    def __init__(self, classes: Mapping[str, Callable[[object], Hashable]], bint each=False):
        self.alike = each or ALIKE.issuperset(classes)
        self.fields = [(BY_NAME[name], name, of, name in ALIKE) for name, of in classes.items()] if self.alike else []
        self.numbers = {}
        if self.fields and len(self.fields) <= QUICK and all(field[3] for field in self.fields):
            self.make_quick()

    cdef int make_quick(self) except -1:
        cdef Quick* quick
        self.together = <Together*>calloc(TOGETHER, sizeof(Together))
        for field in self.fields:
            quick = &self.quick[self.n_quick]
            self.n_quick += 1
            quick.code = field[0]
            quick.near = <Near*>calloc(NEAR, sizeof(Near))
            if quick.code == K_SPORT or quick.code == K_DPORT:
                quick.ports = <u8*>calloc(PORTS, 1)
            if quick.near == NULL or self.together == NULL or (
                    quick.ports == NULL and (quick.code == K_SPORT or quick.code == K_DPORT)):
                raise MemoryError("no memory for what packets have in common")
        return 0

    def __dealloc__(self):
        cdef u32 k
        free(self.together)
        for k in range(self.n_quick):
            free(self.quick[k].ports)
            free(self.quick[k].near)
        for k in range(MOST + 1):
            strings_close(&self.seen[k].keys)
            free(self.seen[k].known)

    def passing(self, PacketRows rows, u64 first, u64 last, value: Callable[[int, str], object],
                judge: Callable[[int], bool]) -> list[int]:
        """Those of some packets that pass. By place: `value` is asked for that of a field, `judge` for the verdict."""
        cdef u64 i
        found = []
        if first > last or last > rows.n:
            raise IndexError(f"packets {first} to {last} of {rows.n}")
        for i in range(first, last):
            if self.answer(rows, i, value, judge):
                found.append(i)
        return found

    cdef u32 answer(self, PacketRows rows, u64 i, object value, object judge, const u64* more=NULL,
                    u32 n_more=0) except? 0xFFFFFFFF:
        """What `judge` says of a packet, a number, or said of one that is alike, also in `more`, at most MORE."""
        cdef u8 made[ROOM]
        cdef u32 numbers[MOST + 2 * MORE]
        cdef u32 k = 0
        cdef u32* known
        cdef tuple field
        cdef u64 key
        cdef const Together* together
        if not self.alike:
            return judge(i)
        if self.n_quick and not n_more:
            key = self.quick_key(&rows.rows[i])
            together = &self.together[<u32>mix(key, 0) & (TOGETHER - 1)]
            if key and together.key == key and together.answer:
                return together.answer - 1
        self.forget()
        for field in self.fields:
            if field[3]:
                known = known_of(&self.seen[k], made, put_made(made, &rows.rows[i], field[0]))
                if not known[0]:
                    known[0] = self.number(field[2](value(i, field[1])))
                numbers[k] = known[0]
            else:
                numbers[k] = self.number(field[2](value(i, field[1])))
            k += 1
        if n_more:
            memcpy(&numbers[k], more, n_more * sizeof(u64))
        known = known_of(&self.seen[MOST], <u8*>numbers, k * sizeof(u32) + n_more * sizeof(u64))
        if not known[0]:
            known[0] = 1 + <u32>judge(i)
        if self.n_quick and not n_more:
            self.keep(&rows.rows[i], numbers, known[0])
        return known[0] - 1

    cdef u64 quick_key(self, const PacketRow* row) noexcept nogil:
        """The classes of all fields, where they are known and small; else 0."""
        cdef u64 key = 0
        cdef u32 k, number
        for k in range(self.n_quick):
            number = self.quick_number(&self.quick[k], row)
            if not number:
                return 0
            key = key << 8 | number
        return key

    cdef u32 quick_number(self, const Quick* quick, const PacketRow* row) noexcept nogil:
        cdef u8 made[ROOM]
        cdef u32 n
        cdef const Near* near
        if quick.ports != NULL and not row.reject and has_ports(row.proto):
            return quick.ports[row.sport if quick.code == K_SPORT else row.dport]
        n = put_made(made, row, quick.code)
        near = &quick.near[<u32>mix_bytes(made, n) & (NEAR - 1)]
        return near.number if near.n == n and memcmp(near.key, made, n) == 0 else 0

    cdef void keep(self, const PacketRow* row, const u32* numbers, u32 answer) noexcept nogil:
        """Remember it for quick_key(), as far as its classes are small."""
        cdef u8 made[ROOM]
        cdef u32 k, n
        cdef u64 key = 0
        cdef Near* near
        cdef Quick* quick
        for k in range(self.n_quick):
            if numbers[k] > 255:
                return
            key = key << 8 | numbers[k]
            quick = &self.quick[k]
            if quick.ports != NULL and not row.reject and has_ports(row.proto):
                quick.ports[row.sport if quick.code == K_SPORT else row.dport] = <u8>numbers[k]
                continue
            n = put_made(made, row, quick.code)
            if n <= sizeof(near.key):
                near = &quick.near[<u32>mix_bytes(made, n) & (NEAR - 1)]
                near.number, near.n = numbers[k], n
                memcpy(near.key, made, n)
        k = <u32>mix(key, 0) & (TOGETHER - 1)
        self.together[k].key, self.together[k].answer = key, answer

    cdef inline u32 number(self, object found) except 0:
        """Of a class, from 1 on."""
        return 1 + <u32>self.numbers.setdefault(found, len(self.numbers))

    cdef inline void forget(self):
        """All, when it has become too much: between two packets, as numbers of classes then begin again."""
        cdef u32 k
        cdef bint full = len(self.numbers) >= REMEMBERED
        for k in range(MOST + 1):
            full |= self.seen[k].keys.n >= REMEMBERED - 1 or self.seen[k].keys.bytes >= REMEMBERED_BYTES - 4 * ROOM
        if full:
            self.numbers.clear()
            for k in range(self.n_quick):
                memset(self.quick[k].near, 0, NEAR * sizeof(Near))
                if self.quick[k].ports != NULL:
                    memset(self.quick[k].ports, 0, PORTS)
            if self.together != NULL:
                memset(self.together, 0, TOGETHER * sizeof(Together))
            for k in range(MOST + 1):
                strings_clear(&self.seen[k].keys)
                if self.seen[k].known != NULL:
                    memset(self.seen[k].known, 0, self.seen[k].room * sizeof(u32))


cdef u32* known_of(Seen* seen, const u8* key, u32 size) except NULL:
    """What is known of a key; 0 as long as nothing is."""
    cdef u32 number = strings_add(&seen.keys, key, size), room
    cdef u32* known
    if number >= seen.room:
        room = max(2 * seen.room, <u32>FIRST_ROOM)
        known = <u32*>realloc(seen.known, room * sizeof(u32)) if number < room else NULL
        if known == NULL:
            raise MemoryError("no memory for what packets have in common")
        memset(known + seen.room, 0, (room - seen.room) * sizeof(u32))
        seen.known, seen.room = known, room
    return &seen.known[number]


cdef inline u32 put(u8* to, u32 n, const void* p, size_t size) noexcept nogil:
    if size:                               # of no layers there is no address either
        memcpy(to + n, p, size)
    return n + <u32>size


cdef u32 put_made(u8* to, const PacketRow* row, int code) noexcept nogil:
    """All that the value of a field is made from; how many bytes."""
    cdef u32 n = put(to, 0, &row.reject, sizeof(row.reject))
    cdef Value v
    if code >= H_FIRST:
        header_value(row, code, &v)
        n = put(to, n, &v.kind, sizeof(v.kind))
        if v.kind == V_ADDRESS:
            return put(to, n, v.address, 16 if v.family == FAMILY_IP6 else 6 if v.family == FAMILY_MAC else 4)
        return put(to, n, &v.number, sizeof(v.number)) if v.kind != V_ABSENT else n
    if code == K_LEN or code == K_NOTES:
        n = put(to, n, &row.len, sizeof(row.len))
    if code == K_CAPLEN or code == K_NOTES:
        n = put(to, n, &row.caplen, sizeof(row.caplen))
    if code == K_NOTES:
        n = put(to, n, &row.notes, sizeof(row.notes))
    elif code == K_FLOW:
        n = put(to, n, &row.flow, sizeof(row.flow))
    elif code == K_APP:
        n = put(to, n, &row.app, sizeof(row.app))
    elif code == K_INTERFACE:
        n = put(to, n, &row.iface, sizeof(row.iface))
        n = put(to, n, &row.ifindex, sizeof(row.ifindex))
    elif code == K_SINCE or code == K_DELTA:
        n = put(to, n, &row.timed, sizeof(row.timed))
        n = put(to, n, &row.since if code == K_SINCE else &row.delta, sizeof(row.since))
    elif code == K_VLAN:
        n = put(to, n, row.vlan, kept(row.n_vlan) * sizeof(u16))
    elif code == K_VLAN_MORE:
        n = put(to, n, &row.n_vlan, sizeof(row.n_vlan))
    elif code == K_LAYERS:
        n = put(to, n, row.layers, min(row.n_layers, <u8>MAX_LAYERS))
    elif code == K_LAYERS_MORE:
        n = put(to, n, &row.n_layers, sizeof(row.n_layers))
    elif code in (K_SRC, K_DST, K_SPORT, K_DPORT, K_PROTO):
        n = put_end(to, n, row, code)
    return n


cdef u32 put_end(u8* to, u32 n, const PacketRow* row, int code) noexcept nogil:
    """An address, a port or the protocol, each of which depends on the family, or on the protocol."""
    n = put(to, n, &row.family, sizeof(row.family))
    n = put(to, n, &row.proto, sizeof(row.proto))
    if code == K_SRC:
        return put(to, n, row.src, sizeof(row.src))
    if code == K_DST:
        return put(to, n, row.dst, sizeof(row.dst))
    if code == K_PROTO:
        return put(to, n, &row.sub, sizeof(row.sub))
    return put(to, n, &row.sport if code == K_SPORT else &row.dport, sizeof(u16))
