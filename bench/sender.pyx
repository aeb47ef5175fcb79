# cython: boundscheck=False
"""Sends UDP frames on an interface at a given rate, with sendmmsg. Run by live.py in a network namespace of its own."""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from bench.gen cimport put16, put32
from netwatch._fast.base.bytes cimport u8, u32, u64

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <sys/socket.h>
    #include <time.h>
    static double bench_now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec + t.tv_nsec * 1e-9;
    }
    static void bench_rest(void) {
        struct timespec t = {0, 20000};
        nanosleep(&t, 0);
    }
    """
    double bench_now() noexcept nogil
    void bench_rest() noexcept nogil

cdef extern from "sys/socket.h" nogil:
    cdef struct iovec:
        void* iov_base
        size_t iov_len
    cdef struct msghdr:
        iovec* msg_iov
        size_t msg_iovlen
    cdef struct mmsghdr:
        msghdr msg_hdr
    int sendmmsg(int fd, mmsghdr* messages, unsigned int n, int flags)

cdef enum:
    AT_ONCE = 64
    ROOM = 2048            # bytes of each frame's buffer


cdef void build(u8* frame, u32 size, u32 flow) noexcept nogil:
    """A UDP frame of one of the flows; without a UDP checksum, which RFC 768 allows."""
    cdef u32 i, total = 0
    memset(frame, 0x78, size)
    memset(frame, 0, 42)
    frame[0] = 2
    frame[5] = 2
    frame[6] = 2
    frame[11] = 1
    frame[12] = 8
    frame[14] = 0x45
    put16(frame + 16, size - 14)
    frame[20] = 0x40
    frame[22] = 64
    frame[23] = 17
    put32(frame + 26, 0x0a090001)
    put32(frame + 30, 0x0a090002)
    for i in range(14, 34, 2):
        total += (<u32>frame[i] << 8) | frame[i + 1]
    put16(frame + 24, ~((total & 0xffff) + (total >> 16)))
    put16(frame + 34, 1024 + flow)
    put16(frame + 36, 4660)
    put16(frame + 38, size - 34)


def send(int fd, double seconds, u32 size, double rate, u32 flows):
    """(frames sent, seconds it took) on a bound packet socket; rate 0 is as fast as it goes. `flows` at most 60000."""
    cdef u8* frames = <u8*>calloc(flows, ROOM)
    cdef mmsghdr* messages = <mmsghdr*>calloc(AT_ONCE, sizeof(mmsghdr))
    cdef iovec* parts = <iovec*>calloc(AT_ONCE, sizeof(iovec))
    cdef u64 sent = 0
    cdef u32 i, next_flow = 0
    cdef int took
    cdef double began, passed
    if frames == NULL or messages == NULL or parts == NULL:
        raise MemoryError
    if size > ROOM or size < 60 or not 0 < flows <= 60000:
        raise ValueError("frames of 60 to 2048 bytes in 1 to 60000 flows")
    with nogil:
        for i in range(flows):
            build(frames + <size_t>i * ROOM, size, i)
        began = bench_now()
        passed = 0
        while passed < seconds:
            if rate > 0 and sent > rate * passed:
                bench_rest()
            else:
                for i in range(AT_ONCE):
                    parts[i].iov_base = frames + <size_t>next_flow * ROOM
                    parts[i].iov_len = size
                    messages[i].msg_hdr.msg_iov = &parts[i]
                    messages[i].msg_hdr.msg_iovlen = 1
                    next_flow = next_flow + 1 if next_flow + 1 < flows else 0
                took = sendmmsg(fd, messages, AT_ONCE, 0)
                if took > 0:
                    sent += took
            passed = bench_now() - began
    free(frames)
    free(messages)
    free(parts)
    return sent, passed
