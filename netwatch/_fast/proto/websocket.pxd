"""WebSocket after its handshake."""
from netwatch._fast.look.protocol cimport Proto

cdef void websocket_define(Proto* p) noexcept nogil
