"""An engine as the terminal sees it: its flows to be asked with filters and orders, a row found by flow id, what the
engine counts.

The caller holds the engine still (see netwatch/run/session.py) while any of these run; what takes long is a generator,
between whose pieces the engine may go on.
"""
from functools import partial

from libc.stdlib cimport calloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.derived cimport Places, Scopes, Stations
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.icmp cimport is_echo_flow
from netwatch._fast.flow.rates cimport SMOOTH, Window, window_at
from netwatch._fast.flow.row cimport BIT_ENDED, BIT_INITIATOR_B, Row, TcpRow
from netwatch._fast.flows cimport Core, timeout_ns
from netwatch._fast.flow.series cimport History
from netwatch._fast.view.columns cimport responds_here
from netwatch._fast.view.hosts cimport HostNames
from netwatch._fast.wire.packet cimport (
    FAMILY_IP4, FAMILY_IP6, FAMILY_NONE, PROTO_L2, PROTO_SCTP, PROTO_TCP, PROTO_UDP)
from netwatch._fast.view.query cimport FlowView
from netwatch._fast.look.protocol cimport DNS_KEPT
from netwatch._fast.view.selection cimport Selection

from netwatch._fast.view import columns
from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import ENDINGS, REJECTS, STATES, proto_name
from netwatch._fast.view.hosts import VIAS
from netwatch._fast.out.record import flow_record, path_record
from netwatch._fast.flow.services import name_services, service_code

cdef enum:
    ROWS_AT_ONCE = 200000      # looked at for one flow

NOW_SECONDS: int = SMOOTH    # whole seconds that rates "now" are over
PROTOS = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "sctp": PROTO_SCTP}
PATH_FIELDS = ("interface", "vlan", "vlan_more", "mpls", "mpls_more", "pppoe_session", "tunnel")
SAYING = {"tls.sni": "tls", "quic.sni": "quic", "http.host": "http"}    # where a flow says its host


cdef class EngineView:
    """The flows of one engine. `interfaces`: the source's list, which may grow. `names`: the service that knows them,
    as netwatch.names.addon.Names, None: nobody does. `tellers`: addons whose `column(engine)` is an AddonColumns.
    `fields(view)` tells it of the fields that follow from what the classifiers learn: netwatch.filter.fields.tell.
    `here` knows this machine's addresses, None: nobody does."""
    cdef Engine engine
    cdef History here
    cdef list interfaces
    cdef object names
    cdef readonly FlowView view
    cdef HostNames hosts
    cdef dict followers            # first part of a field's name -> what must be followed for it
    cdef list times                # columns of moments that are shown as ages
    cdef Py_ssize_t known_interfaces
    cdef u32 known_paths
    cdef u32 known_link_types
    cdef dict protos              # code → name; grows with the EtherTypes seen

    def __init__(self, Engine engine, interfaces: list[Record], names: Names | None = None,
                 tellers: Iterable[Addon] = (), fields: Callable[[FlowView], None] | None = None,
                 History here=None):
        cdef Core* core = &engine.core
        self.engine, self.interfaces, self.names, self.here = engine, interfaces, names, here
        self.view, self.followers, self.times = FlowView(), {}, []
        self.view.owner = engine
        if core.dpi.touched == NULL:
            core.dpi.touched = <u64*>calloc(core.table.cap // 64 + 1, sizeof(u64))
            if core.dpi.touched == NULL:
                raise MemoryError("no memory to note which flows change")
        self.view.profiles.touched = core.dpi.touched
        self.protos = {i: proto_name(i) for i in range(512) if i != PROTO_L2}
        self.set_tables()
        if fields is not None:
            fields(self.view)
        if names is not None:
            self.follow_names(names)
        for teller in tellers:
            told = teller.column(engine)
            for field in told.fields:
                self.view.attach(field, told.codes, told.tables[field])
            if told.age_field is not None:
                self.view.attach(told.age_field, told.times)
                self.times.append(told.times)

    cdef int set_tables(self) except -1:
        """The names of the codes that rows have themselves."""
        self.view.set_table("state", {i: name for i, name in enumerate(STATES) if name} | columns.STATES_BY_AGE)
        self.view.set_table("app", {i: name for i, name in enumerate(app_names()) if name})
        self.view.set_table("ended", {i: name for i, name in enumerate(ENDINGS) if name})
        self.view.set_table("proto", self.protos)
        return 0

    cdef int follow_names(self, names) except -1:
        """The columns of what is known beside the flows."""
        cdef Scopes scopes
        cdef Stations stations
        cdef Places places
        codes = {service_code(PROTOS[proto], port): name for proto, ports in names.services.ports.items()
                 if proto in PROTOS for port, name in ports.items()}
        name_services(codes)
        self.view.set_table("service", codes)
        self.hosts = HostNames(self.view.profiles, names.table, self.view.places_of(SAYING))
        self.view.follow(self.hosts)
        self.view.attach("name.host", self.hosts.hosts)
        self.view.attach("name.via", self.hosts.vias, dict(enumerate(VIAS, 1)))
        self.view.attach("name.age_s", self.hosts.ages)
        scopes = Scopes(names.blocks)
        self.view.attach("scope.src", scopes.src, scopes.table())
        self.view.attach("scope.dst", scopes.dst, scopes.table())
        stations = Stations(names.station_fields, names.neighbours.addresses, names.station_values,
                            lambda: names.neighbours.changes)
        self.followers = {"scope": scopes, "lan": stations}
        if names.placed:
            places = Places(names.place_fields, names.blocks, names.remote, names.place_values)
            self.followers["geo"] = places
        for follower in self.followers.values():
            self.view.follow(follower)
        for derived in (stations, self.followers.get("geo")):
            for field in derived.fields if derived is not None else ():
                self.view.attach(field, derived.codes, derived.tables[field])
        return 0

    def record(self, u32 number) -> dict:
        """The flow record of a row, as the engine knows it."""
        return flow_record(self.engine, number, self.interfaces)

    def select(self, where: Where | None = None, sort: str | None = None, bint descending=False,
               bint history=True, wanted: Iterable[str] = ()) -> Generator[bool, None, Selection]:
        """A generator, as Selection.steps; it returns the Selection of the flows that pass `where`, a Filter or None,
        in order; ended ones only with `history`. `wanted`: further fields that will be looked at."""
        cdef Selection found
        self.begin((where.fields if where is not None else frozenset()) | {sort, *wanted})
        found = Selection(self.view, history, self.engine.core.clock)
        yield from found.steps(partial(self.program, where) if where is not None else None, sort, descending)
        return found

    def select_rows(self, str sort, bint descending=False,
                    bint history=True) -> Generator[bool, None, Selection]:
        """The same of all flows, with nothing brought up to date first: by `sort` where that is a number of the flows
        themselves, else as they began."""
        cdef Selection found
        self.bind()
        found = Selection(self.view, history, self.engine.core.clock)
        yield from found.rows_alone(sort if self.view.columns().get(sort, ("",))[0] == "number" else None, descending)
        return found

    def program(self, where: Where, FlowView view) -> Program:
        """The native form of a filter."""
        return where.program(view, self.record)

    def begin(self, fields: Iterable[str | None]) -> None:
        """A question about these fields begins."""
        self.bind()
        for name in {field.partition(".")[0] for field in fields if field}:
            if name in self.followers:
                self.followers[name].asked = True
        for times in self.times:
            times.shown_at(self.engine.core.clock)
        for address, host in self.names.resolved() if self.names is not None else ():
            self.hosts.resolve(address, host)

    def go_on(self) -> None:
        """After a chunk of frames: note what flows have learnt, for the next question, in a slice of its own."""
        self.bind()
        self.view.work.begin()
        self.view.go_on()

    cdef int bind(self) except -1:
        """Point the view at the engine's rows as they are now."""
        cdef Core* core = &self.engine.core
        cdef u32 path
        self.view.bind(core.table.rows, core.table.colds, core.table.paces, core.table.tcps, core.table.high,
                       core.table.cap, core.ordinal * 16 + 15)
        self.view.flows.first, self.view.flows.live, self.view.flows.paced = core.first, core.live, core.table.paced
        self.view.flows.here = self.here.series if self.here is not None else NULL
        self.view.flows.frames = core.table.frames if core.table.numbered else NULL
        self.view.flows.copied = core.table.copied if core.table.any_copied else NULL
        if self.known_link_types != core.n_link_types:
            self.known_link_types = core.n_link_types
            self.protos.update({columns.LINK_CODES + code: proto_name(PROTO_L2, code) for code in range(1 << 16)
                                if core.link_types[code >> 3] >> (code & 7) & 1})
        if self.known_interfaces != len(self.interfaces) or self.known_paths != core.parser.paths.n:
            self.known_interfaces, self.known_paths = len(self.interfaces), core.parser.paths.n
            paths = {path: path_record(self.engine, path, self.interfaces) for path in range(core.parser.paths.n + 1)}
            for field in PATH_FIELDS:
                self.view.set_table(field, {path: found[field] for path, found in paths.items() if field in found})
        return 0

    def turned(self, u32 row) -> bool:
        """Is the flow seen from its responder, because that is this machine and the initiator is not?"""
        return responds_here(&self.view.flows, self.view.flows.here, row)

    def find(self, u64 ident) -> Generator[bool, None, int]:
        """A generator, as Selection.steps; it returns the row of a flow, 0 when it is gone."""
        cdef Core* core = &self.engine.core
        cdef u32 i = 0, found = 0, end
        while i < core.table.high and not found:
            end = min(core.table.high, i + ROWS_AT_ONCE)
            with nogil:
                while i < end and not found:
                    i += 1
                    if core.table.colds[i].id == ident and core.table.rows[i].family != FAMILY_NONE:
                        found = i
            if i < core.table.high and not found:
                yield True
        return found

    def round_trip(self, bytes address) -> Generator[bool, None, tuple[int, str] | None]:
        """A generator, as Selection.steps; it returns (microseconds, "TCP handshake" or "ICMP echo") of the newest flow
        to the address that was timed, None without."""
        cdef Core* core = &self.engine.core
        cdef u8 raw[16]
        cdef u64 newest = 0
        cdef u32 i = 0, end, row = 0
        memset(raw, 0, 16)
        memcpy(raw, <const u8*>address, min(len(address), 16))
        while i < core.table.high:
            end = min(core.table.high, i + ROWS_AT_ONCE)
            with nogil:
                while i < end:
                    i += 1
                    if core.table.rows[i].last > newest and answers_from(core, i, raw) and round_trip_us(core, i):
                        newest, row = core.table.rows[i].last, i
            if i < core.table.high:
                yield True
        if not row or not round_trip_us(core, row):
            return None
        return round_trip_us(core, row), "TCP handshake" if core.table.rows[row].proto == PROTO_TCP else "ICMP echo"


cdef bint answers_from(const Core* core, u32 i, const u8* address) noexcept nogil:
    """The responder of the flow has that address."""
    cdef const Row* row = &core.table.rows[i]
    return (row.family == FAMILY_IP4 or row.family == FAMILY_IP6) and memcmp(
        &row.a[0] if row.bits & BIT_INITIATOR_B else &row.b[0], address, 16) == 0


cdef u32 round_trip_us(const Core* core, u32 i) noexcept nogil:
    """Of the handshake, or an echo; 0 when the flow was not timed."""
    cdef const Row* row = &core.table.rows[i]
    cdef const TcpRow* tcp = &core.table.tcps[row.tcp]
    if not row.tcp:
        return 0
    if row.proto == PROTO_TCP:
        return tcp.rtt_us
    return max(tcp.srtt_us[0], tcp.srtt_us[1]) if is_echo_flow(row) else 0


def screen_record(Engine engine, u32 number, interfaces: list[Record], bint show_secrets=False) -> dict:
    """The flow record with what a screen wants besides: age and idleness in seconds, idleness by its timeout. A flow of
    frames without times has no age, and nothing of it is by the second."""
    cdef Core* core = &engine.core
    cdef Row* row
    record = flow_record(engine, number, interfaces, show_secrets)
    if record:
        row = &core.table.rows[number]
        if not core.table.colds[number].first and core.parser.timeless:
            return {key: value for key, value in record.items() if not key.startswith(("rate_", "peak_"))}
        clock = max(core.clock, row.last)
        record["age_s"] = (clock - core.table.colds[number].first) / 1e9
        record["idle_s"] = (clock - row.last) / 1e9
        if not row.bits & BIT_ENDED:
            record["staleness"] = (clock - row.last) / max(timeout_ns(core, row), 1)
    return record


def dns_times(Engine engine, u64 since=0) -> list[float]:
    """Microseconds that plain DNS responses took which came since then (ns), of the newest DNS_KEPT."""
    cdef Core* core = &engine.core
    cdef u64 i, n = min(core.dpi.dns_timed, <u64>DNS_KEPT)
    return [core.dpi.dns_ns[i] / 1000 for i in range(n) if core.dpi.dns_at[i] >= since]


def dns_state(Engine engine) -> tuple[bool, int, int]:
    """(whether content is looked at, so that DNS can be timed; responses timed; of them kept)"""
    cdef Core* core = &engine.core
    return not core.dpi.off, core.dpi.dns_timed, min(<u64>DNS_KEPT, core.dpi.dns_timed)


def held(Engine engine) -> dict:
    """Flows seen, and of them those whose rows are gone: ended longer ago than the history reaches."""
    cdef Core* core = &engine.core
    return {"seen": core.table.created, "gone": core.table.created - core.table.live - core.table.ended}


def now_window(Engine engine) -> tuple[int, int, float]:
    """The seconds of packet time that rates "now" are over: the first, the one after the last, and how long they are
    (s), 0 where nothing is over yet."""
    cdef Core* core = &engine.core
    cdef Window w = window_at(core.clock, core.first, core.live)
    return (max(w.second, <u64>SMOOTH) - SMOOTH, w.second + w.partial, w.seconds)


def counts(Engine engine) -> dict:
    """What the engine has seen, dropped and holds."""
    cdef Core* core = &engine.core
    return {
        "packets": core.frames, "bytes": core.bytes, "clock_ns": core.clock, "first_ns": core.first,
        "flows_live": core.table.live, "flows_ended": core.table.created - core.table.live,
        "flows_evicted": core.table.evicted, "snap_truncated": core.parser.snap_cut,
        "bytes_skipped": core.dpi.stream_gaps,
        "rejected": {name: core.parser.rejects[i] for i, name in enumerate(REJECTS) if name and core.parser.rejects[i]},
    }
