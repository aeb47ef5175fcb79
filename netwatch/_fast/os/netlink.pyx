"""Netlink sockets of Linux: one request, all of its answer, each message handed to a C callback or to Python as bytes.

The kernel is trusted to speak the truth but not to be of our version: every length is checked. netlink(7). Here and not
in platform/ because a pass over thousands of sockets must cost no Python object for each. It knows no packet.
"""
from libc.errno cimport EAGAIN, EBADF, EINTR, ENOBUFS, EPERM, EPROTO, errno
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset, strerror
from posix.fcntl cimport O_CLOEXEC, O_RDONLY, open as posix_open
from posix.unistd cimport close

from netwatch._fast.base.bytes cimport u8, u16, u32

cdef extern from "sys/socket.h" nogil:
    int AF_NETLINK
    int SOCK_RAW
    int SOCK_CLOEXEC
    int SOL_SOCKET
    int SO_RCVTIMEO
    int SO_RCVBUF
    int SO_RCVBUFFORCE
    int MSG_DONTWAIT
    int open_socket "socket"(int family, int kind, int protocol)
    ssize_t send(int fd, const void* data, size_t n, int flags)
    ssize_t recv(int fd, void* data, size_t n, int flags)
    struct sockaddr:
        pass
    int bind(int fd, const sockaddr* address, unsigned int n)
    int setsockopt(int fd, int level, int name, const void* value, unsigned int n)

cdef extern from "<linux/netlink.h>" nogil:
    int NETLINK_ADD_MEMBERSHIP
    struct sockaddr_nl:
        unsigned short nl_family

cdef extern from "sys/time.h" nogil:
    struct timeval:
        long tv_sec
        long tv_usec

cdef extern from *:
    """
    #include <sys/syscall.h>
    #include <unistd.h>
    static int enter_namespace(int fd) { return (int)syscall(SYS_setns, fd, 0x40000000 /* CLONE_NEWNET */); }
    """
    int enter_namespace(int fd) nogil

cdef enum:
    BUFFER = 65536             # bytes: the kernel fills at most 32 KiB of it at a time
    MAX_REQUEST = 512
    HEADER = 16
    PATIENCE = 2               # seconds before a kernel that does not answer is an error
    SOL_NETLINK = 270


def _failure(int number) -> OSError:
    return OSError(number, strerror(number).decode())


cdef struct Gathered:
    void* messages             # a Python list, borrowed


cdef void gather(void* user, const nlmsghdr* head, const u8* body, u32 length) noexcept with gil:
    (<list>(<Gathered*>user).messages).append((<int>head.nlmsg_type, body[:length]))


cdef class Netlink:
    """A netlink socket of one protocol, in the network namespace that `namespace` (a descriptor) names, or in ours.

    Raises OSError when it cannot be made: no such protocol here, or no right to enter that namespace.
    """

    def __cinit__(self, int protocol, int namespace=-1) -> None:
        self.fd = -1
        self.seq = 0
        self.buffer = <u8*>malloc(BUFFER)
        if self.buffer == NULL:
            raise MemoryError
        self.fd = _open(protocol) if namespace < 0 else _open_inside(protocol, namespace)
        if self.fd < 0:
            raise _failure(-self.fd)

    def __dealloc__(self) -> None:
        if self.fd >= 0:
            close(self.fd)
        free(self.buffer)

    def close(self) -> None:
        """Close the socket; may be called again."""
        if self.fd >= 0:
            close(self.fd)
            self.fd = -1

    def request(self, int kind, bytes body, bint dump=True) -> list[tuple[int, bytes]]:
        """The (type, body) of every message of the answer. Raises OSError with the kernel's reason."""
        cdef Gathered found
        cdef list messages = []
        cdef const u8* data = body
        cdef u16 flags = <u16>(NLM_F_DUMP if dump else 0)
        cdef u32 length = <u32>len(body)
        cdef int status
        found.messages = <void*>messages
        with nogil:
            status = self.ask(<u16>kind, flags, data, length, gather, &found)
        if status:
            raise _failure(status)
        return messages

    def join(self, groups: tuple[int, ...], int room) -> None:
        """Be told what the kernel tells these groups; it keeps `room` bytes of that until heard(). Raises OSError."""
        cdef sockaddr_nl here
        cdef int group
        memset(&here, 0, sizeof(here))
        here.nl_family = <unsigned short>AF_NETLINK
        if bind(self.fd, <const sockaddr*>&here, sizeof(here)) < 0:     # one that has no number yet is told nothing
            raise _failure(errno)
        for group in groups:
            if setsockopt(self.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0:
                raise _failure(errno)
        if setsockopt(self.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 and errno == EPERM:
            setsockopt(self.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room))

    def heard(self, int most) -> tuple[list[tuple[int, bytes]], bool]:
        """The (type, body) of what the groups were told since, `most` or a few more, and whether that is all. Waits for
        nothing. Raises OSError."""
        cdef Gathered found
        cdef list messages = []
        cdef bint whole = True
        cdef ssize_t n
        found.messages = <void*>messages
        self.seq = 0               # of what nobody asked for
        while len(messages) < most:
            n = recv(self.fd, self.buffer, BUFFER, MSG_DONTWAIT)
            if n >= 0:
                walk(self, <u32>n, True, gather, &found)
            elif errno == EAGAIN:
                return messages, whole
            elif errno == ENOBUFS:     # there was more than room for it
                whole = False
            elif errno != EINTR:
                raise _failure(errno)
        return messages, False

    cdef int ask(self, u16 kind, u16 flags, const u8* body, u32 length, on_message each, void* user) noexcept nogil:
        """Send one request and hand every message of the answer to `each`; 0 or an errno."""
        cdef u8[MAX_REQUEST] packet
        cdef nlmsghdr* head = <nlmsghdr*>packet
        if self.fd < 0:
            return EBADF
        if length > MAX_REQUEST - HEADER:
            return EPROTO
        self.seq += 1
        self.interrupted = False
        memset(packet, 0, HEADER)
        head.nlmsg_len = HEADER + length
        head.nlmsg_type = kind
        head.nlmsg_flags = <u16>(NLM_F_REQUEST | flags)
        head.nlmsg_seq = self.seq
        memcpy(packet + HEADER, body, length)
        if send(self.fd, packet, head.nlmsg_len, 0) < 0:
            return errno
        return receive(self, (flags & NLM_F_DUMP) != 0, each, user)


cdef int receive(Netlink self, bint many, on_message each, void* user) noexcept nogil:
    """Read until the answer to the last request is complete."""
    cdef ssize_t n
    cdef int status
    while True:
        n = recv(self.fd, self.buffer, BUFFER, 0)
        if n < 0 and errno == EINTR:
            continue
        if n < 0:
            return errno
        status = walk(self, <u32>n, many, each, user)
        if status <= 0:
            return -status


cdef int walk(Netlink self, u32 n, bint many, on_message each, void* user) noexcept nogil:
    """The messages of one buffer: 1 more to come, 0 the answer is complete, a negative errno."""
    cdef u32 at = 0
    cdef nlmsghdr* head
    cdef int code
    while n - at >= HEADER:
        head = <nlmsghdr*>(self.buffer + at)
        if head.nlmsg_len < HEADER or head.nlmsg_len > n - at:
            return -EPROTO
        if head.nlmsg_seq == self.seq:           # the rest of an earlier answer that was given up is passed over
            if head.nlmsg_flags & NLM_F_DUMP_INTR:
                self.interrupted = True
            if head.nlmsg_type == NLMSG_DONE:
                return 0
            if head.nlmsg_type == NLMSG_ERROR:
                if head.nlmsg_len < HEADER + 4:
                    return -EPROTO
                memcpy(&code, self.buffer + at + HEADER, 4)
                return code
            each(user, head, self.buffer + at + HEADER, head.nlmsg_len - HEADER)
            if not many:
                return 0
        code = (head.nlmsg_len + 3) & ~3
        if <u32>code >= n - at:
            break
        at += code
    return 1


cdef int _open(int protocol) noexcept nogil:
    """A descriptor, or a negative errno."""
    cdef timeval patience
    cdef int fd = open_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)
    if fd < 0:
        return -errno
    patience.tv_sec, patience.tv_usec = PATIENCE, 0
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))
    return fd


cdef int _open_inside(int protocol, int namespace) noexcept nogil:
    """A socket stays in the namespace it was made in: only this thread visits the other one, and only for this call."""
    cdef int ours = posix_open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    cdef int fd
    if ours < 0:
        return -errno
    if enter_namespace(namespace) < 0:
        fd = -errno
    else:
        fd = _open(protocol)
        if enter_namespace(ours) < 0:
            if fd >= 0:
                close(fd)
            fd = -errno
    close(ours)
    return fd
