"""The frames of a ring that pass a filter.

What flows say to it is worked out beforehand, for all of them at once. The words are looked for here in each frame, and
Python is asked once about the packets that the filter cannot tell apart.
"""
from libc.stdlib cimport bsearch, qsort
from libc.string cimport memset
from cpython.mem cimport PyMem_Free, PyMem_Malloc

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport app_of
from netwatch._fast.out.packetfields cimport PacketFields, put_info
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.out.writing cimport Buf, buf_free, check
from netwatch._fast.view.conditions cimport contains
from netwatch._fast.view.endpointtext cimport end_text
from netwatch._fast.view.framering cimport FrameRing
from netwatch._fast.view.packetverdicts cimport MORE, PacketVerdicts
from netwatch._fast.view.selection cimport Selection
from netwatch._fast.wire.packet cimport FAMILY_NONE
from netwatch._fast.wire.packetrow cimport PacketRow
from netwatch._fast.wire.ports cimport has_ports

from netwatch._fast.out.packetfields import FURTHER_BY_NAME

cdef enum:
    CONDITIONS = 512           # of a filter (filter.nodes.MAX_NODES), a bit each
    WORDS = 64                 # bare words that are looked for
    END_ROOM = 64


cdef int by_value(const void* a, const void* b) noexcept nogil:
    cdef u64 one = (<const u64*>a)[0], other = (<const u64*>b)[0]
    return (one > other) - (one < other)


cdef class Told:
    """Numbers of the flows that answer one condition with yes."""
    cdef u64* flows            # ascending
    cdef u32 n
    cdef u32 bit

    def __dealloc__(self):
        PyMem_Free(self.flows)


cdef class FrameScan:
    """`classes` and `words`, folded: of classes_of(). `judge(record, bits)`: does a packet pass whose flow answers the
    conditions of these bits with yes?"""
    cdef FrameRing ring
    cdef PacketVerdicts verdicts
    cdef PacketFields fields
    cdef PacketRows rows       # the packet that is looked at
    cdef list interfaces
    cdef tuple words
    cdef list told
    cdef object judge
    cdef list further          # what is asked that whole records have not got
    cdef bint timed            # times between frames are asked
    cdef Buf line
    cdef u64[MORE] bits        # the conditions that the packet's flow says yes to, and behind them the words found

    def __init__(self, FrameRing ring, interfaces: list[Record], classes: Mapping[str, Callable[[object], Hashable]],
                 words: Sequence[bytes], judge: Callable[[dict[str, object], int], bool]):
        cdef PacketRow empty
        if len(words) > WORDS:
            raise ValueError(f"more than {WORDS} words")
        memset(&empty, 0, sizeof(PacketRow))
        self.ring, self.words, self.judge, self.told = ring, tuple(words), judge, []
        self.fields, self.rows = PacketFields(interfaces), PacketRows()
        self.rows.add(&empty)
        self.further = [name for name in classes if name in FURTHER_BY_NAME]
        self.timed = "frame.time_relative" in classes or "frame.time_delta" in classes
        self.verdicts = PacketVerdicts(classes, True)

    def __dealloc__(self):
        buf_free(&self.line)

    def tell(self, u32 bit, Selection found) -> None:
        """These flows answer the condition of that number with yes. The lock is held."""
        cdef Told told = Told()
        cdef u32 k, row
        if bit >= CONDITIONS:
            raise ValueError(f"condition {bit}")
        told.flows = <u64*>PyMem_Malloc((<size_t>found.matched + 1) * sizeof(u64))
        if told.flows == NULL:
            raise MemoryError("no memory for the flows that pass")
        told.bit = bit
        for k in range(found.matched):
            row = found.items[k].row
            if found.stands(row):
                told.flows[told.n] = found.view.flows.colds[row].id
                told.n += 1
        if told.n:
            qsort(told.flows, told.n, sizeof(u64), by_value)
        self.told.append(told)

    def passing(self, Engine engine, u64 flow, u64 start, u64 stop) -> list[int]:
        """Ordinals of the frames from `start`, before `stop`, that pass and are of a flow, 0: any. The lock is held."""
        cdef u64 k
        found = []
        for k in range(max(start, self.ring.first), min(stop, self.ring.next)):
            if (not flow or self.ring.flow_of(k) == flow) and self.passes(engine, k):
                found.append(k)
        return found

    cdef bint passes(self, Engine engine, u64 k) except? True:
        cdef PacketRow* pk = &self.rows.rows[0]
        cdef Told told
        cdef u32 row
        self.ring.copy_row(k, pk)
        row = self.ring.row(engine, k) if pk.flow else 0
        if row:
            pk.app = app_of(&engine.core.table.rows[row], &engine.core.table.colds[row])
        self.ring.relate(pk, k, engine, row, self.timed)
        memset(self.bits, 0, sizeof(self.bits))
        for told in self.told if row else ():
            if bsearch(&pk.flow, told.flows, told.n, sizeof(u64), by_value) != NULL:
                self.bits[told.bit // 64] |= <u64>1 << told.bit % 64
        if self.words:
            self.look_for_words(pk)
        return self.verdicts.answer(self.rows, 0, self.value, self.verdict, self.bits, MORE)

    cdef int look_for_words(self, const PacketRow* pk) except -1:
        """As evaluate.searched() has them, of a packet: its line and its ends."""
        cdef char[2][END_ROOM] ends
        cdef u32[2] n
        cdef u32 i = 0
        cdef bint ported = has_ports(pk.proto) and not pk.reject
        cdef bytes word
        self.line.n = 0
        n[0] = n[1] = 0
        if pk.family != FAMILY_NONE:
            n[0] = end_text(pk.src, pk.family, ported, pk.sport, &ends[0][0])
            n[1] = end_text(pk.dst, pk.family, ported, pk.dport, &ends[1][0])
            if not pk.reject:
                put_info(&self.line, pk)
                check(&self.line)
        for word in self.words:
            if (contains(<const u8*>&ends[0][0], n[0], word, <u32>len(word))
                    or contains(<const u8*>&ends[1][0], n[1], word, <u32>len(word))
                    or contains(<const u8*>self.line.mem, <u32>self.line.n, word, <u32>len(word))):
                self.bits[MORE - 1] |= <u64>1 << i
            i += 1
        return 0

    def value(self, place: int, name: str) -> object:
        """A field of the packet, for PacketVerdicts."""
        return self.fields.record(self.rows.rows, (name,)).get(name)

    def verdict(self, place: int) -> bool:
        """Of the packet and those that are alike."""
        cdef u32 i
        bits = 0
        for i in range(MORE - 1):
            bits |= int(self.bits[i]) << 64 * i
        record = self.fields.record(self.rows.rows, None)
        return self.judge(record | self.fields.record(self.rows.rows, self.further) if self.further else record, bits)
