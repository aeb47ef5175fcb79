"""What python-libpcap's pcap.pxd lacks, or declares so that it takes the GIL or may raise. Types come from there."""
from pylibpcap.pcap cimport bpf_program, pcap_if_t, pcap_pkthdr, pcap_stat, pcap_t

from netwatch._fast.base.bytes cimport u8, u32

cdef extern from "pcap/pcap.h" nogil:
    ctypedef void (*Callback)(u8* user, const pcap_pkthdr* header, const u8* data) noexcept
    pcap_t* pcap_create(const char* source, char* errbuf)
    int pcap_set_snaplen(pcap_t* p, int snaplen)
    int pcap_set_promisc(pcap_t* p, int promisc)
    int pcap_set_timeout(pcap_t* p, int milliseconds)
    int pcap_set_buffer_size(pcap_t* p, int size)
    int pcap_set_tstamp_precision(pcap_t* p, int precision)
    int pcap_get_tstamp_precision(pcap_t* p)
    int pcap_activate(pcap_t* p)
    int pcap_setnonblock(pcap_t* p, int nonblock, char* errbuf)
    int pcap_get_selectable_fd(pcap_t* p)
    int pcap_datalink(pcap_t* p)
    int pcap_snapshot(pcap_t* p)
    int pcap_dispatch(pcap_t* p, int count, Callback callback, u8* user)
    int pcap_stats(pcap_t* p, pcap_stat* ps)
    int pcap_compile(pcap_t* p, bpf_program* program, const char* text, int optimize, u32 netmask)
    int pcap_setfilter(pcap_t* p, bpf_program* program)
    void pcap_freecode(bpf_program* program)
    char* pcap_geterr(pcap_t* p)
    const char* pcap_statustostr(int status)
    void pcap_close(pcap_t* p)
    int pcap_findalldevs(pcap_if_t** all, char* errbuf)
    void pcap_freealldevs(pcap_if_t* all)
    int PCAP_ERROR_NO_SUCH_DEVICE
    int PCAP_ERROR_PERM_DENIED
    int PCAP_ERROR_PROMISC_PERM_DENIED
    int PCAP_ERROR_IFACE_NOT_UP
    int PCAP_TSTAMP_PRECISION_NANO
    int PCAP_IF_LOOPBACK
    int PCAP_IF_UP
    u32 PCAP_NETMASK_UNKNOWN
