# cython: boundscheck=False
"""The synthetic workloads, written as classic pcap with valid checksums. Nothing here reads anything.

The same arguments give the same bytes, on any machine. See bench/workloads.py for what the workloads are for.
"""
from libc.stdio cimport fopen, fclose, fwrite, setvbuf, _IOFBF
from libc.stdlib cimport calloc, malloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    FIN = 1
    SYN = 2
    PSH = 8
    ACK = 16
    SEGMENT = 1460                      # TCP payload of a full Ethernet frame
    RECORD = 16389                      # a full TLS record with its header, RFC 8446 section 5.1
    CONNECTION_STEPS = 9                # frames of a connection of web()
    WHEEL = 4096                        # slots of 50 us: more than the longest gap between two of its frames

cdef u32 folded(const u8* p, u32 n, u64 total) noexcept nogil:
    """The one's complement sum of n bytes and `total`, in 16 bits. RFC 1071."""
    while n > 1:
        total += get16(p)
        p += 2
        n -= 2
    if n:
        total += <u32>p[0] << 8
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return <u32>total


cdef class Writer:
    """A pcap file being written: little-endian, microseconds, Ethernet. OSError when it cannot be."""
    def __cinit__(self, str path):
        cdef u32 header[6]
        self.file = fopen(path.encode(), b"wb")
        if self.file == NULL:
            raise OSError(f"cannot write {path}")
        setvbuf(self.file, NULL, _IOFBF, 1 << 20)
        header[:] = [0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1]
        self.failed = fwrite(header, 24, 1, self.file) != 1

    def __dealloc__(self):
        if self.file != NULL:
            fclose(self.file)

    def close(self):
        failed = fclose(self.file) != 0 or self.failed
        self.file = NULL
        if failed:
            raise OSError("the file system took not all of it")

    cdef u64 draw(self) noexcept nogil:
        self.random += 1
        return scramble(self.random)

    cdef void save(self, u64 at, const u8* data, u32 caplen, u32 size) noexcept nogil:
        cdef u32 head[4]
        head[0] = START_S + <u32>(at // 1000000)
        head[1] = <u32>(at % 1000000)
        head[2] = caplen
        head[3] = size
        self.failed |= fwrite(head, 16, 1, self.file) != 1 or fwrite(data, 1, caplen, self.file) != caplen
        self.packets += 1
        self.bytes += size

    cdef void send(self, u64 at, Flow* flow, int side, int flags, const u8* data, u32 n) noexcept nogil:
        """One frame of a conversation from `side`: TCP with `flags`, UDP when they are 0. Advances its sequence."""
        cdef u8* ip = self.frame + 14
        cdef u8* top = ip + 20
        cdef u32 header = 20 if flags else 8, size = 34 + header + n
        cdef u8 proto = 6 if flags else 17
        memcpy(self.frame, b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00", 14)
        memset(ip, 0, 20 + header)
        ip[0] = 0x45
        put16(ip + 2, size - 14)
        put16(ip + 4, <u32>self.packets)
        ip[6] = 0x40
        ip[8] = 64
        ip[9] = proto
        put32(ip + 12, flow.ends[side])
        put32(ip + 16, flow.ends[1 - side])
        put16(ip + 10, ~folded(ip, 20, 0))
        put16(top, flow.ports[side])
        put16(top + 2, flow.ports[1 - side])
        if flags:
            put32(top + 4, flow.sequence[side])
            put32(top + 8, flow.sequence[1 - side] if flags & ACK else 0)
            top[12] = 0x50
            top[13] = <u8>flags
            put16(top + 14, 64240)
            flow.sequence[side] += n + (1 if flags & (SYN | FIN) else 0)
        else:
            put16(top + 4, 8 + n)
        memcpy(top + header, data, n)
        put16(top + (16 if flags else 6), ~folded(top, header + n, folded(ip + 12, 8, proto + header + n)))
        if size < 60:
            memset(self.frame + size, 0, 60 - size)
            size = 60
        self.save(at, self.frame, size, size)


def small(str path, u64 packets, u32 flows):
    """Frames of 64 to 100 bytes, half UDP and half TCP, in random order over so many conversations; 1 us apart."""
    cdef Writer out = Writer(path)
    cdef Flow* all_flows = <Flow*>calloc(flows, sizeof(Flow))
    cdef u8* seen = <u8*>calloc(flows, 1)
    cdef u8 payload[64]
    cdef u64 i, word, h
    cdef u64 each = max(packets // flows, 1)
    cdef u32 k, n, fresh = 0
    cdef int j, side, flags
    cdef Flow* flow
    if all_flows == NULL or seen == NULL:
        raise MemoryError
    with nogil:
        for i in range(packets):
            if i % each == 0 and fresh < flows:
                k = fresh
                fresh += 1
            else:
                k = <u32>(out.draw() % flows)
            flow = &all_flows[k]
            h = scramble(~<u64>k)
            if seen[k] == 0:
                flow.ends[0] = <u32>0x0a000000 | k & 0xffffff
                flow.ends[1] = <u32>0xac100000 | <u32>(h >> 8) & 0xfffff
                flow.ports[0] = <u16>(1024 + (h >> 28) % 64000)
                flow.ports[1] = 443 if (h >> 52) % 4 == 0 else <u16>(1024 + (h >> 44) % 64000)
            for j in range(8):
                word = out.draw()
                memcpy(payload + 8 * j, &word, 8)
            side = (seen[k] & 1) if seen[k] < 2 or not h & 1 else <int>(word & 1)
            flags = 0
            n = 22 + <u32>(word >> 8) % 37
            if h & 1:
                flags = SYN if seen[k] == 0 else SYN | ACK if seen[k] == 1 else PSH | ACK
                n = 0 if seen[k] < 2 else 10 + <u32>(word >> 8) % 37
            out.send(i, flow, side, flags, payload, n)
            if seen[k] < 255:
                seen[k] += 1
    free(all_flows)
    free(seen)
    out.close()


cdef void hands(Writer out, u64 at, Flow* flow) noexcept nogil:
    """The three frames that open a connection."""
    out.send(at, flow, 0, SYN, NULL, 0)
    out.send(at + 10, flow, 1, SYN | ACK, NULL, 0)
    out.send(at + 20, flow, 0, ACK, NULL, 0)


def bulk(str path, u64 total, u32 flows, bytes client_hello, bytes server_hello):
    """Downloads side by side, `total` bytes in all: full segments, an ACK for every two; even ones TLS, odd HTTP."""
    cdef Writer out = Writer(path)
    cdef Flow* all_flows = <Flow*>calloc(flows, sizeof(Flow))
    cdef u32* place = <u32*>calloc(flows, 4)
    cdef u8* noise = <u8*>malloc((1 << 20) + SEGMENT)
    cdef u8 segment[SEGMENT]
    cdef u64 at = 0, word
    cdef u32 k, i
    if all_flows == NULL or place == NULL or noise == NULL:
        raise MemoryError
    for i in range(0, (1 << 20) + SEGMENT - 8, 8):
        word = out.draw()
        memcpy(noise + i, &word, 8)
    for k in range(flows):
        all_flows[k].ends[:] = [0x0a000001 + k, 0xcb007101 + k]
        all_flows[k].ports[:] = [40000 + k, 80 if k & 1 else 443]
        all_flows[k].sequence[:] = [3000, 7000]
        hands(out, at, &all_flows[k])
        asked, answered = client_hello, server_hello
        if k & 1:
            asked = b"GET /bulk/%d.bin HTTP/1.1\r\nHost: bulk%d.example.org\r\nAccept: */*\r\n\r\n" % (k, k)
            answered = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % total
        out.send(at + 30, &all_flows[k], 0, PSH | ACK, asked, <u32>len(asked))
        out.send(at + 40, &all_flows[k], 1, PSH | ACK, answered, <u32>len(answered))
        at += 50
    with nogil:
        while out.bytes < total:
            k = <u32>(out.draw() % flows)
            for _ in range(2):
                memcpy(segment, noise + (out.draw() & 0xfffff), SEGMENT)
                if not k & 1:
                    records(segment, &place[k])
                out.send(at, &all_flows[k], 1, ACK, segment, SEGMENT)
                at += 1
            out.send(at, &all_flows[k], 0, ACK, NULL, 0)
            at += 1
    free(all_flows)
    free(place)
    free(noise)
    out.close()


cdef void records(u8* segment, u32* place) noexcept nogil:
    """Write the headers of TLS application data records where they fall into this segment of the stream."""
    cdef const u8* head = b"\x17\x03\x03\x40\x00"
    cdef u32 i = 0, step
    while i < SEGMENT:
        step = min(RECORD - place[0], SEGMENT - i)
        if place[0] < 5:
            segment[i] = head[place[0]]
            step = 1
        i += step
        place[0] = (place[0] + step) % RECORD


def web(str path, u32 connections, texts, hellos):
    """Short connections, one begun every 50 us, nine frames each, 0.5 to 20 ms between them; half TLS, half HTTP.

    texts(k) and hellos(k) give (request, response) of connection k.
    """
    cdef Writer out = Writer(path)
    cdef Flow* all_flows = <Flow*>calloc(connections, sizeof(Flow))
    cdef u8* steps = <u8*>calloc(connections, 1)
    cdef u32 k
    cdef u64 slot = 0, left = connections, h
    cdef list wheel = [[] for _ in range(WHEEL)]
    if all_flows == NULL or steps == NULL:
        raise MemoryError
    while left:
        if slot < connections:
            wheel[slot % WHEEL].append(slot)
        for at, k in enumerate(wheel[slot % WHEEL]):
            h = scramble(k)
            if steps[k] == 0:
                all_flows[k].ends[:] = [<u32>0x0a000000 | k % 50000, <u32>0xc6120000 | <u32>(h >> 16) & 0x1ffff]
                all_flows[k].ports[:] = [10000 + k // 50000 * 7 + (h >> 40) % 50000, 443 if h & 1 else 80]
                all_flows[k].sequence[:] = [1000 + k, 900000 + k]
            request, response = (hellos if h & 1 else texts)(k) if 3 <= steps[k] <= 4 else (b"", b"")
            web_step(out, 50 * slot + at, &all_flows[k], steps[k], request, response)
            steps[k] += 1
            if steps[k] < CONNECTION_STEPS:
                wheel[(slot + 10 + out.draw() % 390) % WHEEL].append(k)
            else:
                left -= 1
        wheel[slot % WHEEL].clear()
        slot += 1
    free(all_flows)
    free(steps)
    out.close()


cdef void web_step(Writer out, u64 at, Flow* flow, int step, bytes request, bytes response):
    """Frame number `step` of a connection of web()."""
    if step == 0:
        out.send(at, flow, 0, SYN, NULL, 0)
    elif step == 1:
        out.send(at, flow, 1, SYN | ACK, NULL, 0)
    elif step == 3:
        out.send(at, flow, 0, PSH | ACK, request, <u32>len(request))
    elif step == 4:
        out.send(at, flow, 1, PSH | ACK, response, <u32>len(response))
    elif step == 6 or step == 7:
        out.send(at, flow, 1 if step == 6 else 0, FIN | ACK, NULL, 0)
    else:
        out.send(at, flow, 1 if step == 8 else 0, ACK, NULL, 0)
