"""What an engine keeps, store by store: how much, how much it may, how many bytes that is. It only reads."""
from netwatch._fast.base.bytes cimport u64
from netwatch._fast.wire.defrag cimport DEFRAG_BYTES, DEFRAG_DATAGRAMS
from netwatch._fast.wire.encap cimport PATHS_MAX
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport Cold, Conn, Row, TcpRow
from netwatch._fast.flows cimport Core
from netwatch._fast.wire.packet cimport Encap
from netwatch._fast.flow.content cimport FACTS_IN_ALL, RING_BYTES
from netwatch._fast.look.conns cimport STREAMS_IN_ALL
from netwatch._fast.flow.table cimport CONVERSATIONS_MAX, Conversations, Slot


cdef u64 counted_bytes(const Conversations* c):
    return (c.mask + 1) * sizeof(u64) if c.slots != NULL else 0


def stores(Engine engine) -> list[tuple[str, int, int, int, int]]:
    """[(name, used, limit, bytes, lost)] of every store. `used` and `limit` are in entries, or in bytes where these
    are what is bounded (then `used` equals `bytes`); `lost` is what had to make room or found none, since the start.
    """
    cdef Core* core = &engine.core
    cdef u64 slots = (core.table.mask + 1) * sizeof(Slot)
    return [
        ("flows", core.table.live, core.table.cap,
         core.table.high * (sizeof(Row) + sizeof(Cold)) + slots, core.table.evicted + core.refused),
        ("ended flows", core.table.ended, core.history, core.table.ended * (sizeof(Row) + sizeof(Cold)), 0),
        ("TCP state", core.table.tcp_high, core.table.cap, core.table.tcp_high * sizeof(TcpRow), 0),
        ("facts of flows", core.dpi.facts_bytes, FACTS_IN_ALL, core.dpi.facts_bytes, core.dpi.facts_lost),
        ("readers of flows", core.dpi.conns, core.table.cap, core.dpi.conns * sizeof(Conn), 0),
        ("stream buffers", core.dpi.stream_bytes, STREAMS_IN_ALL, core.dpi.stream_bytes, core.dpi.streams_dropped),
        ("event ring", core.dpi.ring.used, RING_BYTES, core.dpi.ring.cap, core.dpi.ring.lost),
        ("IP fragments", core.parser.defrag.datagrams, DEFRAG_DATAGRAMS, core.parser.defrag.bytes,
         core.parser.defrag.dropped),
        ("fragment bytes", core.parser.defrag.bytes, DEFRAG_BYTES, core.parser.defrag.bytes, 0),
        ("VLANs and tunnels", core.parser.paths.n, PATHS_MAX, core.parser.paths.cap * sizeof(Encap),
         core.parser.paths.lost),
        ("TCP conversations", core.table.tcp_conversations.used, CONVERSATIONS_MAX,
         counted_bytes(&core.table.tcp_conversations), 0),
        ("UDP conversations", core.table.udp_conversations.used, CONVERSATIONS_MAX,
         counted_bytes(&core.table.udp_conversations), 0),
    ]
