"""WebSocket after its handshake."""
from netwatch._fast.seam cimport Proto

cdef void websocket_define(Proto* p) noexcept nogil
