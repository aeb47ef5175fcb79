"""Frames of a file that pass a filter on what stands in their headers, copied while they are read.

They are taken apart as an engine does, by the same parser, and no flow is followed: of a filter that asks nothing but
HEADERS the answer is the same, whatever else is in the file.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.input.source cimport FILL_END, Chunk, Source, chunk_free, chunk_new
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.parse cimport parse_frame
from netwatch._fast.view.packetverdicts cimport PacketVerdicts
from netwatch._fast.wire.cursor cimport BATCH, PER_FRAME, ROOM, Parser
from netwatch._fast.wire.defrag cimport defrag_flush, defrag_free, defrag_new
from netwatch._fast.wire.encap cimport paths_free, paths_new
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.wire.packetrow cimport PacketRow, packet_row

from netwatch._fast.out.packetfields import FURTHER_BY_NAME

# of a packet's fields those that its frame says by itself; numbers of TCP that count from the flow's first are not
HEADERS: frozenset[str] = frozenset((
    "len", "caplen", "src", "dst", "sport", "dport", "proto", "layers", "interface", *FURTHER_BY_NAME)) - {
        "tcp.seq", "tcp.ack", "frame.time_relative", "frame.time_delta"}


cdef class FrameCopy:
    """`judge(record)`: does a packet pass? None: all do. `classes` as PacketVerdicts has them, of HEADERS alone."""
    cdef Parser parser
    cdef PacketFields fields
    cdef PacketRows rows       # the packet that is looked at
    cdef PacketVerdicts verdicts
    cdef object judge
    cdef frozenset keys
    cdef readonly u64 seen     # frames

    def __cinit__(self):
        memset(&self.parser, 0, sizeof(Parser))
        self.parser.paths = paths_new()
        self.parser.defrag = defrag_new()
        self.parser.out = <Packet*>calloc(ROOM, sizeof(Packet))
        self.parser.layers = True
        if self.parser.paths == NULL or self.parser.defrag == NULL or self.parser.out == NULL:
            raise MemoryError("no memory for a parser")

    def __init__(self, interfaces: list[Record], classes: Mapping[str, Callable[[object], Hashable]],
                 judge: Callable[[dict[str, object]], bool] | None):
        cdef PacketRow empty
        if not HEADERS.issuperset(classes):
            raise ValueError(f"not in headers: {', '.join(sorted(set(classes) - HEADERS))}")
        memset(&empty, 0, sizeof(PacketRow))
        self.fields, self.rows = PacketFields(interfaces), PacketRows()
        self.rows.add(&empty)
        self.verdicts, self.judge, self.keys = PacketVerdicts(classes), judge, frozenset(classes)

    def __dealloc__(self):
        paths_free(self.parser.paths)
        defrag_free(self.parser.defrag)
        free(self.parser.out)

    def copy(self, Source source, CaptureWriter writer, most: int | None, go_on: Callable[[], bool]) -> int:
        """Write those of a source's frames that pass, of the first `most`, while `go_on()`; how many. Raises
        OSError."""
        cdef Chunk* chunk = chunk_new()
        cdef u64 before = writer.packets, left = <u64>-1 if most is None else most
        cdef int got = 1
        if chunk == NULL:
            raise MemoryError("no memory for frames")
        try:
            while left and go_on():
                with nogil:
                    got = source.fill(chunk)
                if got == FILL_END:
                    break
                if got < 0:
                    continue                        # a pipe that has nothing at present
                if source.n_interfaces > writer.n_interfaces:
                    writer.follow(source.interfaces)
                chunk.n = <u32>min(<u64>chunk.n, left)
                left -= chunk.n
                self.seen += chunk.n
                self.take(chunk, writer)
        finally:
            chunk_free(chunk)
        return writer.packets - before

    cdef int take(self, const Chunk* chunk, CaptureWriter writer) except -1:
        """As the engine's batches are, so that a datagram is put together where it was there."""
        cdef u32 at = 0, taken, i
        cdef const Packet* pk
        value, verdict = self.value, self.verdict   # made once: there is a call for each packet
        while at < chunk.n:
            self.parser.n_out = taken = 0
            with nogil:
                while at < chunk.n and taken < BATCH and self.parser.n_out + PER_FRAME <= ROOM:
                    parse_frame(&self.parser, &chunk.frames[at])
                    at += 1
                    taken += 1
            for i in range(self.parser.n_out):
                pk = &self.parser.out[i]
                if i + 1 < self.parser.n_out and self.parser.out[i + 1].frame == pk.frame:
                    continue                        # what is carried in it speaks for the frame
                if self.judge is not None:
                    packet_row(&self.rows.rows[0], pk, pk.frame)
                    if not self.verdicts.answer(self.rows, 0, value, verdict):
                        continue
                writer.check(writer.put(pk.frame, pk.frame.iface, NULL, 0))
            defrag_flush(self.parser.defrag)
        return 0

    def value(self, place: int, name: str) -> object:
        """A field of the packet, for PacketVerdicts."""
        return self.rows.value(self.fields, place, name)

    def verdict(self, place: int) -> bool:
        """Of the packet, and those that are alike."""
        return self.judge(self.rows.record(self.fields, place, self.keys))
