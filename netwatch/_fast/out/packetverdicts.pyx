"""Which packets pass a filter: Python is asked once about those that the filter cannot tell apart."""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.out.packetfields cimport (K_APP, K_CAPLEN, K_DPORT, K_DST, K_FLOW, K_INTERFACE, K_LAYERS, K_LEN,
                                              K_NOTES, K_PROTO, K_SPORT, K_SRC)
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.wire.packetrow cimport PacketRow

from netwatch._fast.out.packetfields import BY_NAME

cdef enum:
    REMEMBERED = 65536         # values of a field, and combinations of them, that are remembered
    ROOM = 64                  # of all that a field is made from
    MOST = 16                  # fields

ALIKE: frozenset[str] = frozenset(("len", "caplen", "src", "dst", "sport", "dport", "proto", "layers", "notes", "flow",
                                   "app", "interface"))


cdef class PacketVerdicts:
    """`classes`: for each field of packets that the filter looks at, what of its value matters to it. Where one of them
    is not of ALIKE, each packet is asked about."""
    cdef bint alike
    cdef list fields           # [(code, name, class, {what it is made from: number of its class})]
    cdef dict numbers          # class → number
    cdef dict known            # numbers of the classes → does such a packet pass

    def __init__(self, classes: Mapping[str, Callable[[object], Hashable]]):
        self.alike = ALIKE.issuperset(classes)
        self.fields = [(BY_NAME[name], name, of, {}) for name, of in classes.items()] if self.alike else []
        self.numbers, self.known = {}, {}

    def passing(self, PacketRows rows, u64 first, u64 last, value: Callable[[int, str], object],
                judge: Callable[[int], bool]) -> list[int]:
        """Those of some packets that pass. By place: `value` is asked for that of a field, `judge` for the verdict."""
        cdef u64 i
        cdef u32 numbers[MOST]
        cdef u32 n
        found = []
        if first > last or last > rows.n:
            raise IndexError(f"packets {first} to {last} of {rows.n}")
        for i in range(first, last):
            if not self.alike:
                verdict = judge(i)
            else:
                self.forget()
                n = 0
                for field in self.fields:
                    numbers[n] = self.number(<tuple>field, &rows.rows[i], i, value)
                    n += 1
                key = PyBytes_FromStringAndSize(<char*>numbers, n * sizeof(u32))
                verdict = self.known.get(key)
                if verdict is None:
                    verdict = self.known[key] = judge(i)
            if verdict:
                found.append(i)
        return found

    cdef u32 number(self, tuple field, const PacketRow* row, u64 place, object value) except? 0:
        """That of the class of the field's value."""
        cdef u8 made[ROOM]
        cdef dict seen = field[3]
        key = PyBytes_FromStringAndSize(<char*>made, put_made(made, row, field[0]))
        found = seen.get(key)
        if found is None:
            if len(seen) >= REMEMBERED:
                seen.clear()
            found = seen[key] = self.numbers.setdefault(field[2](value(place, field[1])), len(self.numbers))
        return found

    cdef inline int forget(self) except -1:
        """All, when it has become too much: between two packets, as numbers of classes then begin again."""
        if len(self.numbers) >= REMEMBERED or len(self.known) >= REMEMBERED:
            self.numbers.clear()
            self.known.clear()
            for _, _, _, seen in self.fields:
                seen.clear()
        return 0


cdef inline u32 put(u8* to, u32 n, const void* p, size_t size) noexcept nogil:
    memcpy(to + n, p, size)
    return n + <u32>size


cdef u32 put_made(u8* to, const PacketRow* row, int code) noexcept nogil:
    """All that the value of a field is made from; how many bytes."""
    cdef u32 n = put(to, 0, &row.reject, sizeof(row.reject))
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
    elif code == K_LAYERS:
        n = put(to, n, row.layers, row.n_layers)
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
