"""DNS over UDP and TCP, mDNS, LLMNR: three registered protocols, one parser."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.look.protocol cimport Look, Proto

from netwatch._fast.proto.dns.facts cimport *

cdef void dns_report(Look* look, u8 over, u64 ns, const u8* p, u32 n) noexcept nogil
cdef void dns_define(Proto* p) noexcept nogil
cdef void mdns_define(Proto* p) noexcept nogil
cdef void llmnr_define(Proto* p) noexcept nogil
