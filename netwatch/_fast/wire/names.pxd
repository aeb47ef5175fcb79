"""Numbers and names of what parse meets: reject reasons, tunnels, layers. One table each, in names.pyx."""
from netwatch._fast.base.bytes cimport u8

cdef enum:                    # why a frame gave no flow, or a flow less than it could
    REJECT_NONE = 0
    REJECT_LINK_TYPE = 1      # a link type that is not read
    REJECT_LINK_CUT = 2       # shorter than its link header
    REJECT_IP_CUT = 3         # shorter than its network header
    REJECT_IP_HEADER = 4      # header length or version that cannot be
    REJECT_IP_LENGTH = 5      # total length smaller than the header
    REJECT_IP6_EXT = 6        # extension headers cut or in a loop
    REJECT_TRANSPORT_CUT = 7  # shorter than its transport header
    REJECT_TRANSPORT_HEADER = 8
    REJECT_FRAGMENT = 9       # waiting for, or never completed, the other fragments
    REJECT_FRAGMENT_BAD = 10  # overlapping beyond the datagram, too large, or over the bound
    REJECT_TUNNEL_DEPTH = 11
    REJECT_TUNNEL_CUT = 12
    REJECT_ARP = 13
    REJECT_ENCRYPTED_LINK = 14  # 802.11 protected data
    REJECT_COUNT = 15

cdef enum:
    TUN_NONE = 0
    TUN_GRE = 1
    TUN_IPIP = 2
    TUN_6IN4 = 3
    TUN_4IN6 = 4
    TUN_6IN6 = 5
    TUN_VXLAN = 6
    TUN_GENEVE = 7
    TUN_GTPU = 8
    TUN_TEREDO = 9
    TUN_L2TP = 10
    TUN_ERSPAN = 11
    TUN_CAPWAP = 12
    TUN_ETHERIP = 13
    TUN_MPLS = 14
    TUN_COUNT = 15

cdef enum:
    LAYER_NONE = 0
    LAYER_ETH = 1
    LAYER_SLL = 2
    LAYER_SLL2 = 3
    LAYER_RAW = 4
    LAYER_NULL = 5
    LAYER_LOOP = 6
    LAYER_PPP = 7
    LAYER_PPPOE = 8
    LAYER_CHDLC = 9
    LAYER_WLAN = 10
    LAYER_RADIOTAP = 11
    LAYER_PKTAP = 12
    LAYER_NFLOG = 13
    LAYER_FRELAY = 14
    LAYER_LLC = 15
    LAYER_VLAN = 16
    LAYER_MPLS = 17
    LAYER_PBB = 18
    LAYER_ARP = 19
    LAYER_IP4 = 20
    LAYER_IP6 = 21
    LAYER_IP6EXT = 22
    LAYER_ICMP = 23
    LAYER_ICMP6 = 24
    LAYER_IGMP = 25
    LAYER_TCP = 26
    LAYER_UDP = 27
    LAYER_UDPLITE = 28
    LAYER_SCTP = 29
    LAYER_GRE = 30
    LAYER_VXLAN = 31
    LAYER_GENEVE = 32
    LAYER_GTPU = 33
    LAYER_TEREDO = 34
    LAYER_L2TP = 35
    LAYER_ERSPAN = 36
    LAYER_ESP = 37
    LAYER_AH = 38
    LAYER_LLDP = 39
    LAYER_CDP = 40
    LAYER_LACP = 41
    LAYER_STP = 42
    LAYER_EAPOL = 43
    LAYER_PPI = 44
    LAYER_PWETH = 45
    LAYER_CAPWAP = 46
    LAYER_COUNT = 47
