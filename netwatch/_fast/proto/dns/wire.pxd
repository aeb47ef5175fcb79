"""DNS over UDP and TCP, mDNS, LLMNR: three registered protocols, one parser."""
from netwatch._fast.look.protocol cimport Proto

from netwatch._fast.proto.dns.facts cimport *

cdef void dns_define(Proto* p) noexcept nogil
cdef void mdns_define(Proto* p) noexcept nogil
cdef void llmnr_define(Proto* p) noexcept nogil
