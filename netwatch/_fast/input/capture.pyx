"""Live capture with libpcap: one or several interfaces as one Source, and the list of devices.

libpcap's own kernel ring (TPACKET_V3 on Linux) holds the frames; fill copies them into the chunk from a callback, never
more than there is room for. No protocol is known here. Not in immediate mode: that makes a ring of 64 KiB slots.
"""
from libc.stdlib cimport calloc, free, strtoull
from libc.string cimport memcpy
from posix.fcntl cimport O_CLOEXEC, O_RDONLY, open as posix_open
from posix.unistd cimport close, pread, write
from pylibpcap.pcap cimport bpf_program, pcap_addr, pcap_if_t, pcap_pkthdr, pcap_stat, pcap_t

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.input.libpcap cimport (PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE, PCAP_ERROR_PERM_DENIED,
                                           PCAP_ERROR_PROMISC_PERM_DENIED, PCAP_IF_LOOPBACK, PCAP_IF_UP,
                                           PCAP_NETMASK_UNKNOWN, PCAP_TSTAMP_PRECISION_NANO, pcap_activate, pcap_close,
                                           pcap_compile, pcap_create, pcap_datalink, pcap_dispatch, pcap_findalldevs,
                                           pcap_freealldevs, pcap_freecode, pcap_get_selectable_fd,
                                           pcap_get_tstamp_precision, pcap_geterr, pcap_set_buffer_size,
                                           pcap_set_promisc, pcap_set_snaplen, pcap_set_timeout,
                                           pcap_set_tstamp_precision, pcap_setfilter, pcap_setnonblock, pcap_snapshot,
                                           pcap_stats, pcap_statustostr)
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.poll cimport POLLIN, poll, pollfd
from netwatch._fast.input.savefile cimport link_of
from netwatch._fast.input.source cimport FILL_END, FILL_IDLE, MAX_FRAME, Chunk, Source

from socket import if_nameindex
from netwatch._fast.input.source import SourceDenied, SourceError, SourceMissing, SourceUsage

cdef extern from "sys/eventfd.h" nogil:
    int eventfd(unsigned int initval, int flags)
    int EFD_CLOEXEC
    int EFD_NONBLOCK

cdef extern from "time.h" nogil:
    struct timespec:
        long tv_sec
        long tv_nsec
    int clock_gettime(int clock, timespec* now)
    int CLOCK_MONOTONIC

cdef extern from "sys/socket.h" nogil:
    struct sockaddr:
        unsigned short sa_family
    int AF_INET
    int AF_INET6

cdef enum:
    ERRBUF = 256               # PCAP_ERRBUF_SIZE
    WAIT_MS = 100
    MAX_HANDLES = 64
    MIN_SNAPLEN = 64
    SLACK = 64                 # of Chunk.cap, never filled

cdef u64 STATS_EVERY = 500000000   # ns

cdef struct Target:            # what the callback needs
    Chunk* chunk
    u64 used                   # bytes of the chunk's memory
    u64 n                      # ordinal of the last frame
    u32 tick
    u16 iface
    u16 link


cdef void on_frame(u8* user, const pcap_pkthdr* header, const u8* data) noexcept nogil:
    """One frame, copied to the chunk. The dispatch count made sure that it fits; the check is for libpcap's honesty."""
    cdef Target* t = <Target*>user
    cdef u32 caplen = header.caplen
    cdef Frame* f
    if t.chunk.n == t.chunk.room:
        return
    if caplen > t.chunk.cap - SLACK - t.used:
        caplen = <u32>(t.chunk.cap - SLACK - t.used)
    memcpy(t.chunk.mem + t.used, data, caplen)
    t.n += 1
    f = &t.chunk.frames[t.chunk.n]
    f.data = t.chunk.mem + t.used
    f.ts = <u64>header.ts.tv_sec * 1000000000 + <u64>header.ts.tv_usec * t.tick
    f.n = t.n
    f.caplen = caplen
    f.len = header.len if header.len > caplen else caplen
    f.iface = t.iface
    f.link = t.link
    f.shard = 0
    f.bits = 0
    t.used += caplen
    t.chunk.n += 1


cdef class LiveSource(Source):
    """Frames of the named interfaces as they come. See `open_live` in netwatch/capture/live.py for the arguments."""

    def __cinit__(self, *args, **kwargs):
        self.wake = -1

    def __init__(self, names: list[str], str capture_filter="", int snaplen=MAX_FRAME, int ring_mb=64,
                 bint promisc=False):
        cdef u32 i
        if not 1 <= len(names) <= MAX_HANDLES:
            raise SourceUsage(f"between 1 and {MAX_HANDLES} interfaces can be captured at a time, not {len(names)}")
        if not MIN_SNAPLEN <= snaplen <= MAX_FRAME:
            raise SourceUsage(f"the snap length is {snaplen} bytes; it must be {MIN_SNAPLEN} to {MAX_FRAME}")
        if not 1 <= ring_mb <= 1024:
            raise SourceUsage(f"the kernel ring is {ring_mb} MB; it must be 1 to 1024")
        if "\0" in capture_filter:
            raise SourceUsage("the capture filter contains a NUL character")
        self.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        self.handles = <Handle*>calloc(len(names), sizeof(Handle))
        if self.wake < 0 or self.handles == NULL:
            raise MemoryError
        options = {"snaplen": snaplen, "ring": ring_mb << 20, "promisc": promisc}
        for i in range(<u32>len(names)):
            self.handles[i].sysfs = -1
            self.count = i + 1
            self.open_one(i, well_formed(names[i]), capture_filter.encode(errors="replace"), options)

    def __dealloc__(self):
        cdef u32 i
        for i in range(self.count):
            if self.handles[i].pcap != NULL:
                pcap_close(self.handles[i].pcap)
            if self.handles[i].sysfs >= 0:
                close(self.handles[i].sysfs)
        free(self.handles)
        if self.wake >= 0:
            close(self.wake)

    cdef int open_one(self, u32 i, str name, bytes capture_filter, dict options) except -1:
        """Open, configure and activate one interface. Raises SourceError."""
        cdef char errbuf[ERRBUF]
        cdef Handle* h = &self.handles[i]
        cdef int status
        errbuf[0] = 0
        h.pcap = activated(name, options["snaplen"], options["ring"], options["promisc"])
        if pcap_setnonblock(h.pcap, 1, errbuf) < 0:
            raise SourceError(f"{name}: {errbuf.decode(errors='replace')}")
        self.set_filter(h.pcap, name, capture_filter)
        h.fd = pcap_get_selectable_fd(h.pcap)
        if h.fd < 0:
            raise SourceError(f"{name}: this kind of device cannot be waited for")
        h.link = link_of(<u32>pcap_datalink(h.pcap))
        h.snaplen = <u32>min(max(pcap_snapshot(h.pcap), MIN_SNAPLEN), MAX_FRAME)
        status = pcap_get_tstamp_precision(h.pcap)
        h.tick = 1 if status == PCAP_TSTAMP_PRECISION_NANO else 1000
        h.sysfs = posix_open(f"/sys/class/net/{name}/statistics/rx_dropped".encode(), O_RDONLY | O_CLOEXEC)
        h.sysfs_first = number_in(h.sysfs)
        indexes = {"indexes": {str(i): each for i, each in if_nameindex()}} if name == "any" else {}
        self.interfaces.append({"name": name, "link": h.link, "snaplen": h.snaplen, "description": "",
                                "resolution": 1_000_000_000 // h.tick, **indexes})
        self.n_interfaces += 1
        self.alive += 1
        return 0

    cdef int set_filter(self, pcap_t* pcap, str name, bytes capture_filter) except -1:
        """Compile and set the filter; SourceUsage with libpcap's words when it cannot be."""
        cdef bpf_program program
        if not capture_filter.strip():
            return 0
        if pcap_compile(pcap, &program, capture_filter, 1, PCAP_NETMASK_UNKNOWN) < 0:
            raise SourceUsage(f"capture filter {capture_filter.decode()!r} on {name}: {words(pcap)}")
        try:
            if pcap_setfilter(pcap, &program) < 0:
                raise SourceUsage(f"capture filter {capture_filter.decode()!r} on {name}: {words(pcap)}")
        finally:
            pcap_freecode(&program)
        return 0

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill: what has come in on all interfaces, as much as fits; FILL_IDLE after 100 ms of nothing."""
        cdef Target t
        cdef u32 k
        chunk.n = 0
        t.chunk = chunk
        t.used = 0
        t.n = self.frames_read
        self.sweep(&t)
        if chunk.n == 0 and self.alive and not self.stop:
            self.wait(WAIT_MS)
            self.sweep(&t)
        if now() >= self.stats_due:
            self.read_stats()
        if self.stop:
            return FILL_END
        k = chunk.n
        self.turn += 1
        self.frames_read = t.n
        self.bytes_read += t.used
        if k == 0:
            return FILL_IDLE if self.alive else FILL_END
        return <int>k

    cdef void sweep(self, Target* t) noexcept nogil:
        """Take from every interface in turn until the chunk is full or all are empty."""
        cdef u32 k, i
        for k in range(self.count):
            i = (self.turn + k) % self.count
            if self.handles[i].pcap != NULL and self.take(i, t) < 0:
                self.gone(i)

    cdef int take(self, u32 i, Target* t) noexcept nogil:
        """Dispatch one interface while frames of its snap length surely fit; below 0 when it has failed."""
        cdef Handle* h = &self.handles[i]
        cdef u64 room
        cdef int got
        t.tick = h.tick
        t.iface = <u16>i
        t.link = h.link
        while not self.stop:
            room = min((t.chunk.cap - SLACK - t.used) // h.snaplen, t.chunk.room - t.chunk.n)
            if room == 0:
                return 0
            got = pcap_dispatch(h.pcap, <int>room, on_frame, <u8*>t)
            if got <= 0:
                return got
            h.received += <u32>got
        return 0

    cdef bint wait(self, int timeout) noexcept nogil:
        """Sleep until a frame comes, interrupt() is called, or the milliseconds are over; True when it is a frame."""
        cdef pollfd fds[MAX_HANDLES + 1]
        cdef unsigned long n = 1
        cdef u32 i
        fds[0].fd = self.wake
        fds[0].events = POLLIN
        for i in range(self.count):
            if self.handles[i].pcap != NULL:
                fds[n].fd = self.handles[i].fd
                fds[n].events = POLLIN
                n += 1
        return poll(fds, n, timeout) > 0 and fds[0].revents == 0

    cdef void gone(self, u32 i) noexcept nogil:
        """The interface failed: say so once, and let the others go on. When it was the last, the input is damaged."""
        cdef Handle* h = &self.handles[i]
        self.read_stats()
        with gil:
            line = f"{self.interfaces[i]['name']}: capture ended: {words(h.pcap)}"
            self.error = line if self.error is None else f"{self.error}; {line}"
            pcap_close(h.pcap)
            h.pcap = NULL
            self.alive -= 1
            self.damaged = self.alive == 0

    cdef void read_stats(self) noexcept nogil:
        """Bring the 64-bit counters up to date from libpcap's 32-bit ones."""
        cdef pcap_stat s
        cdef Handle* h
        cdef u32 i
        cdef u64 dropped
        self.stats_due = now() + STATS_EVERY
        for i in range(self.count):
            h = &self.handles[i]
            if h.pcap == NULL or pcap_stats(h.pcap, &s) < 0:
                continue
            h.kernel_drops += <u32>(s.ps_drop - h.last[0])
            h.pcap_ifdrops += <u32>(s.ps_ifdrop - h.last[1])
            h.last[0], h.last[1] = s.ps_drop, s.ps_ifdrop
            dropped = number_in(h.sysfs)
            h.sysfs_drops = dropped - h.sysfs_first if dropped > h.sysfs_first else h.sysfs_drops

    def interrupt(self):
        """Make fill answer FILL_END at once. From any thread."""
        cdef u64 one = 1
        self.stop = True
        if write(self.wake, &one, 8) < 0:
            return    # the counter is full: fill has been woken already

    def stats(self) -> dict:
        """Frames received and dropped, in total and by interface; at most half a second old. From any thread.

        received: given out, dropped ones not included. libpcap's own count is of no use on a loopback, where the
        kernel shows it each frame twice and it keeps one. interface_drops: libpcap's count and rx_dropped.
        """
        cdef u32 i
        total = {"received": 0, "kernel_drops": 0, "interface_drops": 0, "ring_drops": 0}
        each = {}
        for i in range(self.count):
            h = &self.handles[i]
            one = {"received": h.received, "kernel_drops": h.kernel_drops,
                   "interface_drops": h.pcap_ifdrops + h.sysfs_drops, "ring_drops": 0}
            each[self.interfaces[i]["name"]] = one
            for key, value in one.items():
                total[key] += value
        return {**total, "interfaces": each}

    def close(self):
        """Stop capturing and give the rings back. No fill may be running."""
        cdef u32 i
        self.stop = True
        self.read_stats()
        self.alive = 0
        for i in range(self.count):
            if self.handles[i].pcap != NULL:
                pcap_close(self.handles[i].pcap)
                self.handles[i].pcap = NULL


cdef u64 now() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return <u64>t.tv_sec * 1000000000 + <u64>t.tv_nsec


cdef u64 number_in(int fd) noexcept nogil:
    """The number a sysfs file holds now; 0 when it cannot be read."""
    cdef char text[32]
    cdef Py_ssize_t n = pread(fd, text, 31, 0) if fd >= 0 else 0
    if n <= 0:
        return 0
    text[n] = 0
    return strtoull(text, NULL, 10)


cdef str well_formed(str text):
    """The text without the lone surrogates that stand for bytes of the command line that are not UTF-8."""
    return text.encode(errors="replace").decode()


cdef str words(pcap_t* pcap):
    """libpcap's words for the handle's last error."""
    return (<bytes>pcap_geterr(pcap)).decode(errors="replace")


cdef pcap_t* activated(str name, int snaplen, int ring, bint promisc) except NULL:
    """A handle that captures, closed again when anything fails. Raises SourceError."""
    cdef char errbuf[ERRBUF]
    cdef pcap_t* pcap
    cdef int status
    if not name or "\0" in name:
        raise SourceMissing("no interface has an empty name")
    errbuf[0] = 0
    pcap = pcap_create(name.encode(), errbuf)
    if pcap == NULL:
        raise SourceError(f"{name}: {errbuf.decode(errors='replace')}")
    pcap_set_snaplen(pcap, snaplen)
    pcap_set_promisc(pcap, promisc)
    pcap_set_timeout(pcap, WAIT_MS)
    pcap_set_buffer_size(pcap, ring)
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO)
    with nogil:
        status = pcap_activate(pcap)
    if status >= 0:
        return pcap
    said = words(pcap) or (<bytes>pcap_statustostr(status)).decode(errors="replace")
    pcap_close(pcap)
    raise failure(name, status, said)


cdef object failure(str name, int status, str said):
    """The exception for a pcap_activate that failed."""
    if status == PCAP_ERROR_PERM_DENIED or status == PCAP_ERROR_PROMISC_PERM_DENIED:
        return SourceDenied(f"{name}: no permission to capture")
    if status == PCAP_ERROR_NO_SUCH_DEVICE:
        return SourceMissing(f"no interface is called {name}")
    if status == PCAP_ERROR_IFACE_NOT_UP:
        return SourceError(f"{name}: the interface is down; bring it up with: ip link set {name} up")
    return SourceError(f"{name}: {said}")


def probe(str name):
    """Open the interface for a moment, with a small ring. Raises SourceError when it cannot be captured."""
    pcap_close(activated(name, MIN_SNAPLEN, 1 << 20, False))


def find_devices() -> list[tuple[str, str, list[tuple[int, bytes]], bool, bool]]:
    """What libpcap lists: (name, description, [(family, packed address)], up, loopback). Raises SourceError."""
    cdef char errbuf[ERRBUF]
    cdef pcap_if_t* first = NULL
    cdef pcap_if_t* d
    cdef pcap_addr* a
    cdef const u8* p
    errbuf[0] = 0
    if pcap_findalldevs(&first, errbuf) < 0:
        raise SourceError(f"the interfaces cannot be listed: {errbuf.decode(errors='replace')}")
    found = []
    d = first
    while d != NULL:
        addresses = []
        a = d.addresses
        while a != NULL:
            p = <const u8*>a.addr
            if p != NULL and (<const sockaddr*>p).sa_family == AF_INET:
                addresses.append((4, <bytes>p[4:8]))
            elif p != NULL and (<const sockaddr*>p).sa_family == AF_INET6:
                addresses.append((6, <bytes>p[8:24]))
            a = a.next
        said = "" if d.description == NULL else (<bytes>d.description).decode(errors="replace")
        found.append(((<bytes>d.name).decode(errors="replace"), said, addresses,
                      bool(d.flags & PCAP_IF_UP), bool(d.flags & PCAP_IF_LOOPBACK)))
        d = d.next
    pcap_freealldevs(first)
    return found
