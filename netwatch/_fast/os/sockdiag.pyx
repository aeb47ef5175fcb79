"""The kernel's table of TCP and UDP sockets by NETLINK_SOCK_DIAG, told as what changed since the last pass (Linux).

A pass over thousands of sockets makes Python objects only for those that are new or gone; sock_diag(7). Which process
has them open is another question: `socket_inodes` answers it for one process from its descriptors. Nothing is sent.
"""
from libc.errno cimport ENOMEM, errno
from libc.stdlib cimport calloc, free, strtoull
from libc.string cimport memcmp, memcpy, memset, strerror, strncmp
from posix.unistd cimport close

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.os.netlink cimport NETLINK_SOCK_DIAG, NLM_F_DUMP, Netlink, nlmsghdr

cdef extern from "<linux/inet_diag.h>" nogil:
    struct inet_diag_sockid:
        u16 idiag_sport
        u16 idiag_dport
        u32 idiag_src[4]
        u32 idiag_dst[4]
        u32 idiag_if
        u32 idiag_cookie[2]
    struct inet_diag_req:
        u8 idiag_family
        u32 idiag_states
    struct inet_diag_req_v2:
        u8 sdiag_family
        u8 sdiag_protocol
        u8 idiag_ext
        u32 idiag_states
        inet_diag_sockid id
    struct inet_diag_msg:
        u8 idiag_family
        u8 idiag_state
        inet_diag_sockid id
        u32 idiag_uid
        u32 idiag_inode
    enum: TCPDIAG_GETSOCK

cdef extern from "<linux/sock_diag.h>" nogil:
    enum: SOCK_DIAG_BY_FAMILY

cdef extern from "<arpa/inet.h>" nogil:
    u16 ntohs(u16 n)
    u16 htons(u16 n)

cdef extern from "<sys/socket.h>" nogil:
    enum: AF_INET
    enum: AF_INET6

cdef extern from "<fcntl.h>" nogil:
    int open_file "open"(const char* path, int flags)
    int O_RDONLY
    int O_DIRECTORY
    int O_CLOEXEC

cdef extern from "<unistd.h>" nogil:
    ssize_t readlinkat(int folder, const char* path, char* link, size_t size)

cdef extern from "<dirent.h>" nogil:
    ctypedef struct DIR:
        pass
    struct dirent:
        char d_name[256]
    DIR* fdopendir(int fd)
    dirent* readdir(DIR* folder)
    int closedir(DIR* folder)

cdef enum:
    TCP = 6
    UDP = 17
    # every state but TIME_WAIT (6), which belongs to no process any more, and NEW_SYN_RECV (12), which does not yet
    STATES = 0xFFF & ~(1 << 6)
    FIRST_SLOTS = 1024
    MAX_SLOTS = 1 << 22
    LINK = 64

cdef u64 MULTIPLIER = 0x1E3779B97F4A7C15     # odd, below 2^63; the bits are well mixed


cdef struct Slot:              # one socket: its cookie, and to whom it is connected, which UDP may change
    u64 cookie                 # 0: empty
    u32 remote
    bint seen                  # met again in the pass being made
    bint opened                # it had an inode once: some process had it open


cdef struct Known:
    Slot* slots
    u64 room                   # a power of two
    u64 count


cdef struct Pass:
    void* fresh                # a Python list, borrowed
    Known* old
    Known new
    bint full                  # a table could not be made larger: sockets are missing


cdef int grow(Known* known, u64 room) noexcept nogil:
    cdef Known larger
    cdef u64 i
    larger.slots = <Slot*>calloc(room, sizeof(Slot))
    if larger.slots == NULL:
        return ENOMEM
    larger.room = room
    larger.count = 0
    for i in range(known.room):
        if known.slots[i].cookie:
            place(&larger, known.slots[i].cookie)[0] = known.slots[i]
            larger.count += 1
    free(known.slots)
    known[0] = larger
    return 0


cdef Slot* place(Known* known, u64 cookie) noexcept nogil:
    """The slot of this cookie, or the empty one where it belongs. The table is never full."""
    cdef u64 at = (cookie * MULTIPLIER >> 17) & (known.room - 1)
    while known.slots[at].cookie and known.slots[at].cookie != cookie:
        at = (at + 1) & (known.room - 1)
    return &known.slots[at]


cdef bytes address(u8 family, const u32* words):
    """4 or 16 octets; an IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) is IPv4."""
    cdef const u8* p = <const u8*>words
    if family == AF_INET6:
        if memcmp(p, b"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0:
            return (<const char*>p)[12:16]
        return (<const char*>p)[:16]
    return (<const char*>p)[:4]


cdef tuple row(const inet_diag_msg* m, u64 cookie, int proto):
    return (proto, m.idiag_state, m.idiag_family == AF_INET6, address(m.idiag_family, m.id.idiag_src),
            ntohs(m.id.idiag_sport), address(m.idiag_family, m.id.idiag_dst), ntohs(m.id.idiag_dport),
            m.idiag_uid, m.idiag_inode, cookie)


cdef void append_row(Pass* p, const inet_diag_msg* m, u64 cookie, int proto) noexcept with gil:
    (<list>p.fresh).append(row(m, cookie, proto))


cdef void meet(Pass* p, const u8* body, u32 length, int proto) noexcept nogil:
    """One socket of the table: new, or met before."""
    cdef inet_diag_msg m
    cdef u64 cookie
    cdef u32 remote
    cdef Slot* slot
    cdef Slot* before
    if length < sizeof(m):
        return
    memcpy(&m, body, sizeof(m))
    cookie = (<u64>m.id.idiag_cookie[1] << 32) | m.id.idiag_cookie[0]
    remote = (m.id.idiag_dst[0] ^ m.id.idiag_dst[1] ^ m.id.idiag_dst[2] ^ m.id.idiag_dst[3]) * 31 + m.id.idiag_dport
    if cookie == 0 or not (m.idiag_family == AF_INET or m.idiag_family == AF_INET6):
        return
    if p.new.count * 2 >= p.new.room and (p.new.room >= MAX_SLOTS or grow(&p.new, p.new.room * 2)):
        p.full = True
        return
    slot = place(&p.new, cookie)
    if slot.cookie:
        return
    slot.cookie, slot.remote, slot.opened = cookie, remote, m.idiag_inode != 0
    p.new.count += 1
    before = place(p.old, cookie)
    if before.cookie:
        before.seen = True
        slot.opened = slot.opened or before.opened
        if before.remote == remote and before.opened == slot.opened:
            return
    append_row(p, &m, cookie, proto)


cdef void meet_tcp(void* user, const nlmsghdr* head, const u8* body, u32 length) noexcept nogil:
    meet(<Pass*>user, body, length, TCP)


cdef void meet_udp(void* user, const nlmsghdr* head, const u8* body, u32 length) noexcept nogil:
    meet(<Pass*>user, body, length, UDP)


cdef class SocketTable:
    """The TCP and UDP sockets of one network namespace (a descriptor of it; -1: ours). Not for use by two threads.

    Raises OSError when there is no sock_diag here or no right to enter the namespace.
    """
    cdef Netlink netlink
    cdef Known known

    def __cinit__(self, int namespace=-1) -> None:
        self.netlink = Netlink(NETLINK_SOCK_DIAG, namespace)
        if grow(&self.known, FIRST_SLOTS):
            raise MemoryError

    def __dealloc__(self) -> None:
        free(self.known.slots)

    def __len__(self) -> int:
        """Sockets there were at the last pass."""
        return self.known.count

    def close(self) -> None:
        self.netlink.close()

    def changes(self) -> tuple[list[tuple[int, int, bool, bytes, int, bytes, int, int, int, int]], list[int], bool]:
        """Make a pass: (new rows, cookies of those gone, whether it is complete).

        A row is (protocol number, state, is IPv6, local address, local port, remote address, remote port, uid, inode,
        cookie); addresses are packed, inode 0 means that no process has it open. An incomplete pass may have missed
        sockets; they come as new later, with the cookie they had. A socket comes again when it gets another remote end
        or is opened by a process (accepted). Raises OSError.
        """
        cdef Pass p
        cdef list fresh = []
        cdef list gone = []
        cdef int status
        cdef u64 i
        cdef bint whole
        memset(&p, 0, sizeof(p))
        p.fresh, p.old = <void*>fresh, &self.known
        if grow(&p.new, self.known.room):
            raise MemoryError
        with nogil:
            status = self.pass_over(&p)
            whole = not self.netlink.interrupted and not p.full
        if status:
            free(p.new.slots)
            raise OSError(status, strerror(status).decode())
        for i in range(self.known.room):
            if self.known.slots[i].cookie and not self.known.slots[i].seen:
                gone.append(self.known.slots[i].cookie)
        free(self.known.slots)
        self.known = p.new
        return fresh, gone, whole

    cdef int pass_over(self, Pass* p) noexcept nogil:
        """TCP of both families in one walk (only the older request can), then UDP of each."""
        cdef u8[60] old_request
        cdef u8[56] request
        cdef int status
        cdef int i
        cdef bint interrupted
        cdef u32 states = STATES
        memset(old_request, 0, sizeof(old_request))
        memcpy(old_request + 52, &states, 4)
        status = self.netlink.ask(TCPDIAG_GETSOCK, NLM_F_DUMP, old_request, sizeof(old_request), meet_tcp, p)
        interrupted = self.netlink.interrupted
        for i in range(2):
            if status == 0:
                write_request(request, AF_INET6 if i else AF_INET, UDP, 0)
                status = self.netlink.ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request, sizeof(request), meet_udp, p)
                interrupted |= self.netlink.interrupted
        self.netlink.interrupted = interrupted
        return status

    def details(self, bytes local, int lport, bytes remote, int rport, int extensions) -> bytes:
        """The kernel's answer about one TCP socket: inet_diag_msg and attributes. Raises OSError (ENOENT: none)."""
        cdef u8[56] request
        cdef inet_diag_sockid* at = &(<inet_diag_req_v2*>request).id
        cdef const char* p
        if len(local) != len(remote) or len(local) not in (4, 16):
            raise ValueError("two packed addresses of one family")
        write_request(request, AF_INET if len(local) == 4 else AF_INET6, TCP, <u8>extensions)
        at.idiag_sport, at.idiag_dport = htons(<u16>lport), htons(<u16>rport)
        p = local
        memcpy(at.idiag_src, p, len(local))
        p = remote
        memcpy(at.idiag_dst, p, len(remote))
        memset(at.idiag_cookie, 0xFF, 8)         # INET_DIAG_NOCOOKIE
        (_, answer), = self.netlink.request(SOCK_DIAG_BY_FAMILY, (<const char*>request)[:56], dump=False)
        return answer


cdef void write_request(u8* memory, u8 family, u8 protocol, u8 extensions) noexcept nogil:
    cdef inet_diag_req_v2* request = <inet_diag_req_v2*>memory
    memset(memory, 0, 56)
    request.sdiag_family = family
    request.sdiag_protocol = protocol
    request.idiag_ext = extensions
    request.idiag_states = STATES


def socket_inodes(str folder) -> list[int]:
    """The inode of every socket among the descriptors in this folder (/proc/PID/fd). Raises OSError."""
    cdef bytes path = folder.encode()
    cdef int fd = open_file(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    cdef DIR* opened
    cdef dirent* entry
    cdef char[LINK] link
    cdef ssize_t n
    cdef list found = []
    if fd < 0:
        raise OSError(errno, strerror(errno).decode(), folder)
    opened = fdopendir(fd)
    if opened == NULL:
        close(fd)
        raise OSError(errno, strerror(errno).decode(), folder)
    while True:
        entry = readdir(opened)
        if entry == NULL:
            break
        n = readlinkat(fd, entry.d_name, link, LINK - 1)
        if n > 9 and strncmp(link, "socket:[", 8) == 0:
            link[n] = 0
            found.append(strtoull(link + 8, NULL, 10))
    closedir(opened)
    return found
