"""BitTorrent: DHT, uTP, UDP trackers and local discovery over UDP; the peer handshake over TCP and in uTP."""
from netwatch._fast.look.protocol cimport Proto

cdef enum:                     # fact keys
    BT_KIND = 1                # 1 byte, KIND_*
    BT_QUERY = 2               # DHT query name
    BT_HASH = 3                # info hash, 20 bytes
    BT_NODE = 4                # DHT node id, 20 bytes
    BT_CLIENT = 5              # DHT version, bytes
    BT_PEER = 6                # peer id, 20 bytes
    BT_EXT = 7                 # reserved bytes of a handshake, 8 bytes

cdef void bittorrent_define(Proto* p) noexcept nogil
