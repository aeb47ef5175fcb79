"""What a TCP connection waits for, kept while its packets go by, for those who diagnose. See stalls.pyx."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64

cdef enum:
    PULSES = 262144            # connections watched at a time
    PULSE_HURT = 1             # Pulse.bits: something was sent again, or a window shut, since the request
    PULSE_BIG = 2              # of side a: `big` is known; of side b the next bit
    SHUT_NS = 200000000        # a window that stays shut for longer is told
    BIG_TIMES = 3
    BIG = 1000                 # bytes of payload that do not fit a path of the least size IPv6 has

cdef enum:                     # Turn.code of TURN_RESENT, bits
    RESENT_SPURIOUS = 1        # it had been acknowledged
    RESENT_FAST = 2            # it was asked for
    RESENT_SYN = 4
    RESENT_BIG = 8             # BIG_TIMES the first large segment, which was never acknowledged; the handshake was

cdef struct Pulse:             # by side, where there are two
    u64 key                    # Cold.key of the connection
    u64 asked                  # ns, the initiator's newest payload that nothing answered; 0 none
    u64 shut[2]                # ns, since when the window is shut; 0 open
    u32 seq[2]                 # of the segment that was sent again last
    u32 big[2]                 # of the first large segment
    u32 sent[2]                # packets when it last sent again
    u16 times[2]               # how often `seq` was sent again
    u8 bits

cdef struct Pulses:
    Pulse* mem
    u32 cap
    u64 unwatched              # packets of connections for which there was no room

cdef Pulse* pulse_of(Pulses* pulses, u32 number, u64 key) noexcept nogil       # NULL: no room
