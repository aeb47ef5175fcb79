"""A flow by its engine, its row and which flow of that row it was. What it says is raw: packed addresses, times in ns.
Everything of a flow that is gone is 0, b"" or None.
"""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport app_of
from netwatch._fast.flow.row cimport BIT_ENDED
from netwatch._fast.out.flowfields cimport flow_at
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6
from netwatch._fast.wire.ports cimport has_ports

from netwatch._fast.out.names import ENDINGS, proto_name


cdef bytes packed(const u8* address, u8 family):
    """4 bytes of IPv4, 16 of IPv6, 6 of a MAC."""
    return (<const char*>address)[:4 if family == FAMILY_IP4 else 16 if family == FAMILY_IP6 else 6]


cdef class RawFlow:
    """The flow that is in that row now."""

    def __init__(self, Engine engine, u32 row):
        self.engine = engine
        self.row = row
        if row <= engine.core.table.high:
            self.key = engine.core.table.colds[row].key

    def __eq__(self, other) -> bool:
        cdef RawFlow one
        if not isinstance(other, RawFlow):
            return False
        one = other
        return self.engine is one.engine and self.row == one.row and self.key == one.key

    def __hash__(self):
        return hash((id(self.engine), self.row, self.key))

    cdef bint at(self, FlowAt* out) noexcept:
        """False when the flow is gone."""
        return flow_at(out, self.engine, self.row) and out.cold.key == self.key

    @property
    def alive(self) -> bool:
        """Does the engine still have it, live or ended?"""
        cdef FlowAt at
        return self.at(&at)

    @property
    def id(self) -> int:
        """As in its record."""
        cdef FlowAt at
        return at.cold.id if self.at(&at) else 0

    @property
    def proto(self) -> str:
        """Its transport or network protocol."""
        cdef FlowAt at
        return proto_name(at.row.proto, at.row.tcp) if self.at(&at) else ""

    @property
    def app(self) -> int:
        """The number of its application, 0 unknown (dpi.app_names)."""
        cdef FlowAt at
        return app_of(at.row, at.cold) if self.at(&at) else 0

    @property
    def src(self) -> bytes:
        """The initiator's address."""
        cdef FlowAt at
        return packed(&at.row.b[0] if at.out else &at.row.a[0], at.row.family) if self.at(&at) else b""

    @property
    def dst(self) -> bytes:
        """The responder's address."""
        cdef FlowAt at
        return packed(&at.row.a[0] if at.out else &at.row.b[0], at.row.family) if self.at(&at) else b""

    @property
    def sport(self) -> int | None:
        """The initiator's port, None where there are none."""
        cdef FlowAt at
        if not self.at(&at) or not has_ports(at.row.proto):
            return None
        return at.row.pb if at.out else at.row.pa

    @property
    def dport(self) -> int | None:
        """The responder's port."""
        cdef FlowAt at
        if not self.at(&at) or not has_ports(at.row.proto):
            return None
        return at.row.pa if at.out else at.row.pb

    @property
    def first(self) -> int:
        """When its first frame came, ns since 1970."""
        cdef FlowAt at
        return at.cold.first if self.at(&at) else 0

    @property
    def last(self) -> int:
        """When its newest frame came, likewise."""
        cdef FlowAt at
        return at.row.last if self.at(&at) else 0

    @property
    def ended(self) -> str | None:
        """How it ended, as in its record; None while it goes on."""
        cdef FlowAt at
        return ENDINGS[at.cold.ended] if self.at(&at) and at.row.bits & BIT_ENDED else None

    @property
    def initiator_side(self) -> int:
        """0 or 1: which side of its events began it."""
        cdef FlowAt at
        return at.out if self.at(&at) else 0
