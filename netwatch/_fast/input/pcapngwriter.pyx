"""Writing pcapng: one section, nanosecond interfaces, packets with comments and evidence, names, secrets, statistics.

`put` needs no GIL and allocates nothing; the Python methods are for what is written seldom. Nothing is read back here.
Always little-endian. Format: draft-ietf-opsawg-pcapng; its section numbers are given as "ng 4.3".
"""
import errno
import ipaddress
import os
import stat

from libc.errno cimport EINTR
from libc.errno cimport errno as c_errno
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset
from posix.unistd cimport close, write

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.source cimport MAX_FRAME, Chunk, Source, chunk_free, chunk_new

cdef enum:
    SHB = 0x0A0D0D0A           # ng 4.1
    IDB = 1                    # ng 4.2
    NRB = 4                    # ng 4.5
    ISB = 5                    # ng 4.6
    EPB = 6                    # ng 4.3
    DSB = 10                   # ng 4.7
    MAX_OPTIONS = 2 * (MAX_COMMENT + 4) + 4      # of a packet: a comment, a custom option, the end of them
    PACKET_ROOM = 28 + MAX_FRAME + MAX_OPTIONS + 4
    BUFFER = 262144 + PACKET_ROOM

cdef u64 MAX_BLOCK = 16777216  # readers take a longer one for damage


cdef inline void put32(u8* p, u32 v) noexcept nogil:
    p[0], p[1], p[2], p[3] = <u8>v, <u8>(v >> 8), <u8>(v >> 16), <u8>(v >> 24)


cdef inline u32 padded(u32 n) noexcept nogil:
    return (n + 3) & ~<u32>3


cdef class CaptureWriter:
    """A new pcapng file, for its owner only (mode 0600). Raises OSError when it cannot be made or written.

    An existing file is refused (FileExistsError) unless `force`, which replaces it; a symbolic link is always refused.
    Under sudo the file is given to the invoking user. Add interfaces before packets. Not for two threads at a time.
    """

    def __cinit__(self, *args, **kwargs):
        self.fd = -1
        self.mem = <u8*>malloc(BUFFER)
        if self.mem == NULL:
            raise MemoryError

    def __init__(self, str path, bint force=False, str application="netwatch", int fd=-1):
        """`fd`: the file is open already, and is ours from now on."""
        self.path, self.fd = path, fd
        if force:
            remove_old(path)
        if fd < 0:
            self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
                os.fchown(self.fd, int(os.environ["SUDO_UID"]), -1)
        import platform  # every start would pay for it otherwise

        self.block(SHB, b"".join([
            number(0x1A2B3C4D, 4), number(1, 2), number(0, 2), number(2 ** 64 - 1, 8),
            option(2, platform.machine()), option(3, f"{platform.system()} {platform.release()}"),
            option(4, application), option(0, "")]))

    def __dealloc__(self):
        free(self.mem)
        free(self.counts)
        if self.fd >= 0:
            close(self.fd)

    def __enter__(self) -> CaptureWriter:
        return self

    def __exit__(self, *exception):
        self.close()

    def add_interface(self, str name="", int link=1, u32 snaplen=MAX_FRAME, str description="") -> int:
        """Describe an interface (`link` is a LINKTYPE); returns the number that its packets are written with."""
        options = [option(code, text) for code, text in ((2, name), (3, description)) if text]
        resolution = number(9, 2) + number(1, 2) + number(9, 4)    # if_tsresol: 10^-9 s
        fixed = number(link, 2) + number(0, 2) + number(snaplen, 4)
        counts = <Count*>realloc(self.counts, (self.n_interfaces + 1) * sizeof(Count))
        if counts == NULL:
            raise MemoryError
        self.counts = counts
        memset(&self.counts[self.n_interfaces], 0, sizeof(Count))
        self.block(IDB, b"".join([fixed, *options, resolution, option(0, "")]))
        self.n_interfaces += 1
        return self.n_interfaces - 1

    def follow(self, interfaces: list[Record]):
        """Describe those of a Source's interfaces that are not described yet, so that its numbers are ours."""
        for one in interfaces[self.n_interfaces:]:
            self.add_interface(one["name"], one["link"], one["snaplen"], one["description"])

    def add_names(self, names: list[tuple[str | bytes, str]]):
        """A Name Resolution Block of (address, name); an address is text, or 4 or 16 bytes."""
        records = []
        size = 0
        for address, name in names:
            packed = ipaddress.ip_address(address).packed
            value = packed + name.replace("\0", "").encode()[:1024] + b"\0"
            record = number(1 if len(packed) == 4 else 2, 2) + number(len(value), 2) + pad(value)
            size += len(record)
            if size > MAX_BLOCK - 64:
                break
            records.append(record)
        self.block(NRB, b"".join([*records, number(0, 4)]))

    def add_secrets(self, u32 kind, bytes secrets):
        """A Decryption Secrets Block; 0x544c534b is a TLS key log. Write it before the packets it opens."""
        if len(secrets) > <Py_ssize_t>(MAX_BLOCK - 64):
            raise ValueError(f"{len(secrets)} bytes of secrets are more than a block holds")
        self.block(DSB, number(kind, 4) + number(len(secrets), 4) + pad(secrets))

    def add_statistics(self, u32 iface, dict found=None):
        """An Interface Statistics Block: the times of the first and last packet written, how many were written, and of
        `found` (as Source.stats() says of an interface) what was received and dropped. Of no packet nothing is said."""
        cdef Count* count
        if iface >= self.n_interfaces:
            raise ValueError(f"interface {iface} is not described; there are {self.n_interfaces}")
        count = &self.counts[iface]
        options = [(8, count.packets)]                                      # isb_usrdeliv
        if found:
            options += [(4, found["received"]), (5, found["interface_drops"]),
                        (7, found["kernel_drops"] + found["ring_drops"])]   # isb_ifrecv, isb_ifdrop, isb_osdrop
        times = [(2, count.first), (3, count.last)] if count.packets else []    # isb_starttime, isb_endtime
        body = [number(iface, 4), halves(count.last)]
        body += [number(code, 2) + number(8, 2) + halves(ns) for code, ns in times]
        body += [number(code, 2) + number(8, 2) + number(value, 8) for code, value in options]
        self.block(ISB, b"".join([*body, number(0, 4)]))

    def write(self, bytes frame, u64 ts_ns, u64 orig_len, u32 iface=0, str comment=None, str evidence=None):
        """One packet: its bytes, its time in ns since 1970, its length on the wire, its interface's number, and what
        is known of it, for people and for us (see options_of)."""
        note = options_of(comment, evidence)
        if len(frame) > <Py_ssize_t>MAX_FRAME:
            raise ValueError(f"a frame of {len(frame)} bytes is longer than {MAX_FRAME}")
        if iface >= self.n_interfaces:
            raise ValueError(f"interface {iface} is not described; there are {self.n_interfaces}")
        wire = min(max(orig_len, len(frame)), 0xffffffff)
        self.check(self.packet(frame, <u32>len(frame), wire, ts_ns, iface, note, <u32>len(note)))

    def copy(self, Source source) -> int:
        """Write all frames of a source, until its end or its first idle moment; returns how many."""
        cdef Chunk* chunk = chunk_new()
        cdef u64 total = 0
        cdef int got = 0, i, answer = 0
        if chunk == NULL:
            raise MemoryError
        try:
            with nogil:
                while answer == 0:
                    got = source.fill(chunk)
                    if got <= 0:
                        break
                    if source.n_interfaces > self.n_interfaces:
                        with gil:
                            self.follow(source.interfaces)
                    for i in range(got):
                        answer |= self.put(&chunk.frames[i], chunk.frames[i].iface, NULL, 0)
                    total += <u32>got
        finally:
            chunk_free(chunk)
        self.check(answer)
        return total

    def flush(self):
        """Give the buffered bytes to the system."""
        self.check(self.push())

    def close(self):
        """Flush and close. Raises OSError when not all could be written."""
        if self.fd < 0:
            return
        answer = self.push()
        close(self.fd)
        self.fd = -1
        self.check(answer)

    cdef int put(self, const Frame* frame, u32 iface, const u8* options, u32 size) noexcept nogil:
        """One packet from a Frame, with what options_of() made (NULL: nothing); -1 when the file cannot be written or
        the interface is not described."""
        if iface >= self.n_interfaces or frame.caplen > MAX_FRAME or size > MAX_OPTIONS:
            return -1
        return self.packet(frame.data, frame.caplen, frame.len, frame.ts, iface, options, size)

    cdef int packet(self, const u8* data, u32 caplen, u32 wire, u64 ts, u32 iface,
                    const u8* options, u32 size) noexcept nogil:
        """An Enhanced Packet Block, ng 4.3. `caplen` and `size` are within their bounds."""
        cdef u32 body = padded(caplen)
        cdef u32 total = 32 + body + size
        cdef Count* count = &self.counts[iface]
        cdef u8* p
        if self.used + total > BUFFER and self.push() < 0:
            return -1
        if self.fd < 0:
            return -1
        p = self.mem + self.used
        put32(p, EPB)
        put32(p + 4, total)
        put32(p + 8, iface)
        put32(p + 12, <u32>(ts >> 32))
        put32(p + 16, <u32>ts)
        put32(p + 20, caplen)
        put32(p + 24, wire)
        memcpy(p + 28, data, caplen)
        memset(p + 28 + caplen, 0, body - caplen)
        p += 28 + body
        if size:
            memcpy(p, options, size)
            p += size
        put32(p, total)
        if not count.packets or ts < count.first:
            count.first = ts
        count.last = max(count.last, ts)
        count.packets += 1
        self.used += total
        self.bytes_written += total
        self.packets += 1
        return 0

    cdef int push(self) noexcept nogil:
        """Write the buffer out."""
        return self.write_out(self.fd, self.mem, &self.used)

    cdef int write_out(self, int fd, const u8* mem, u64* used) noexcept nogil:
        """Empty a buffer; after a failure nothing more is written, for the file would be wrong in the middle."""
        cdef u64 at = 0
        cdef Py_ssize_t n
        while at < used[0] and not self.failed:
            n = write(fd, mem + at, used[0] - at)
            if n >= 0:
                at += <u64>n
            elif c_errno != EINTR:
                self.failed = c_errno
        used[0] = 0
        return -1 if self.failed else 0

    cdef int block(self, u32 kind, bytes body) except -1:
        """Write a block whose body is padded."""
        size = number(len(body) + 12, 4)
        data = number(kind, 4) + size + body + size
        if self.fd < 0:
            raise ValueError(f"{self.path} is closed")
        for at in range(0, <Py_ssize_t>len(data), <Py_ssize_t>BUFFER):
            part = data[at:at + BUFFER]
            if len(part) > <Py_ssize_t>(BUFFER - self.used):
                self.check(self.push())
            memcpy(self.mem + self.used, <const u8*><bytes>part, len(part))
            self.used += <u64>len(part)
        self.bytes_written += <u64>len(data)
        return 0

    cdef int check(self, int answer) except -1:
        """Raise what a nogil function could not."""
        if answer == 0:
            return 0
        if self.failed:
            raise OSError(self.failed, os.strerror(self.failed), self.path)
        raise ValueError(f"{self.path}: closed, or a packet of an interface that is not described")


cdef int remove_old(str path) except -1:
    """Unlink a regular file that is in the way; anything else there is refused."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return 0
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link", path)
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "is there and is no regular file", path)
    os.unlink(path)
    return 0


cdef bytes number(object value, int width):
    return (<object>value).to_bytes(width, "little")


cdef bytes pad(bytes value):
    return value + bytes((4 - (len(value) & 3)) & 3)


cdef bytes option(int code, str text):
    """An option, ng 3.5; code 0 ends the list."""
    value = text.encode(errors="replace")[:1024]
    return number(code, 2) + number(len(value), 2) + pad(value)


cdef bytes halves(u64 ns):
    """A time as its two halves, the high one first."""
    return number(ns >> 32, 4) + number(ns & 0xffffffff, 4)


cdef bytes shortened(str text, int most):
    """As UTF-8, at most so many bytes, no character cut in two."""
    value = text.encode(errors="replace")
    return value if len(value) <= most else value[:most].decode(errors="ignore").encode()


def options_of(str comment=None, str evidence=None) -> bytes:
    """The options of a packet: a comment for people (opt_comment, ng 3.5), and a text for ourselves in a custom option
    (ng 3.5.1). What is too long is cut, but for `evidence`, which is left out. b"" when there is neither."""
    cdef list options = []
    if comment:
        value = shortened(comment, MAX_COMMENT)
        options.append(number(OPT_COMMENT, 2) + number(len(value), 2) + pad(value))
    if evidence:
        value = number(PEN, 4) + evidence.encode(errors="replace")
        if len(value) <= MAX_COMMENT:
            options.append(number(CUSTOM, 2) + number(len(value), 2) + pad(value))
    return b"".join([*options, number(0, 4)]) if options else b""
