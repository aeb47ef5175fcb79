"""An engine as the terminal sees it: its rows bound to a FlowView, a row found by flow id, what the engine counts.

The caller holds the engine still (see netwatch/run/session.py) while any of these run.
"""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.view.derived cimport Derived
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport BIT_ENDED, Row
from netwatch._fast.flows cimport Core, timeout_ns
from netwatch._fast.wire.packet cimport FAMILY_NONE, PROTO_L2, PROTO_SCTP, PROTO_TCP, PROTO_UDP
from netwatch._fast.view.query cimport FlowView
from netwatch._fast.flow.content cimport DNS_KEPT

from netwatch._fast.view import columns
from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import ENDINGS, ETHERTYPES, REJECTS, STATES, proto_name
from netwatch._fast.out.protocols import FACT_FIELDS
from netwatch._fast.out.record import flow_record, path_interface, path_record
from netwatch._fast.flow.services import name_services, service_code

PROTOS = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "sctp": PROTO_SCTP}

cdef bint mapped = False


cdef void map_facts():
    """Tell the columns, once, which fields protocols store as facts."""
    global mapped
    if mapped:
        return
    mapped = True
    numbers = {name: number for number, name in enumerate(app_names())}
    for field, places in FACT_FIELDS.items():
        for app, key in places:
            columns.map_fact(field, numbers[app], key, many=field.endswith(".names"))


cdef class EngineView:
    """The flows of one engine, to be asked with filters and orders. `interfaces`: the source's list, which may grow."""
    cdef Engine engine
    cdef list interfaces
    cdef readonly FlowView view
    cdef list adorning             # what addons add to a record
    cdef list derived              # their columns
    cdef Py_ssize_t known_interfaces
    cdef u32 known_paths

    def __init__(self, Engine engine, list interfaces, names=None, owners=None):
        """`names`: who knows them, netwatch.names.addon.Names; None: nobody does. `owners`: likewise,
        netwatch.owners.addon.FlowOwners."""
        map_facts()
        self.derived, self.adorning = [], []
        if names is not None:
            self.adorning.append(names.adorn)
            self.derived = [Derived(*column) for column in names.columns()]
            codes = {service_code(PROTOS[proto], port): name for proto, ports in names.services.ports.items()
                     if proto in PROTOS for port, name in ports.items()}
            name_services(codes)
        if owners is not None:
            self.adorning.append(owners.adorn)
            self.derived.append(owners.column(engine))
        self.engine = engine
        self.interfaces = interfaces
        self.view = FlowView()
        self.view.record_of = self.record
        self.view.mark_extras(bytes(1))          # no service adds values that are no columns
        if names is not None:
            self.view.set_table("service", codes)
        self.view.set_table("state", {i: name for i, name in enumerate(STATES) if name} | columns.STATES_BY_AGE)
        self.view.set_table("app", {i: name for i, name in enumerate(app_names()) if name})
        self.view.set_table("ended", {i: name for i, name in enumerate(ENDINGS) if name})
        protos = {i: proto_name(i) for i in range(512) if i != PROTO_L2}
        protos.update({columns.LINK_CODES + code: name for code, name in ETHERTYPES.items()})
        self.view.set_table("proto", protos)

    def record(self, u32 number) -> dict:
        """The flow record of a row, with what the services add."""
        record = flow_record(self.engine, number, self.interfaces)
        flow = (self.engine, number, self.engine.core.table.colds[number].key)
        for adorn in self.adorning if record else ():
            adorn(record, flow)
        return record

    def rows(self, where, sort, bint descending, offset, limit, bint history):
        """(row numbers of one page, how many match); `where` a Filter or None. Ended flows only with `history`."""
        cdef Core* core = &self.engine.core
        program = self.prepare(where, {sort})
        return self.view.query(program, sort, descending, offset, limit, history, core.clock)

    def prepare(self, where, fields):
        """The native form of a filter, None for every flow, over the rows as they are now; the columns of `fields` are
        brought up to date."""
        self.bind()
        self.derive((where.fields if where is not None else frozenset()) | fields)
        return where.program(self.view) if where is not None else None

    cdef int derive(self, wanted) except -1:
        """Bring the services' columns up to date that a query looks at; those it has begun to use stay columns."""
        cdef Derived column
        objects = {name.partition(".")[0] for name in wanted if name}
        for column in self.derived:
            if not objects.isdisjoint([field.partition(".")[0] for field in column.fields]):
                codes = column.refresh(self.engine)
                for field in column.fields:
                    self.view.attach(field, codes, column.tables[field])
        return 0

    def codes(self, str field):
        """(codes by row, {code: value}) of a field that a service works out, up to date; None when none does."""
        cdef Derived column
        for column in self.derived:
            if field in column.fields:
                return column.refresh(self.engine), column.tables[field]
        return None

    cdef void bind(self):
        """Point the view at the engine's rows as they are now."""
        cdef Core* core = &self.engine.core
        cdef u32 path
        self.view.bind(core.table.rows, core.table.colds, core.table.tcps, core.table.high)
        if self.known_interfaces != len(self.interfaces) or self.known_paths != core.parser.paths.n:
            self.known_interfaces = len(self.interfaces)
            names = {path: path_interface(self.engine, path, self.interfaces)
                     for path in range(core.parser.paths.n + 1)}
            self.view.set_table("interface", {path: name for path, name in names.items() if name})
        if self.known_paths != core.parser.paths.n:
            self.known_paths = core.parser.paths.n
            paths = {path: path_record(self.engine, path) for path in range(1, core.parser.paths.n + 1)}
            self.view.set_table("vlan", {path: found["vlan"] for path, found in paths.items() if "vlan" in found})
            self.view.set_table("tunnel", {path: found["tunnel"] for path, found in paths.items() if "tunnel" in found})

    def find(self, u64 ident) -> int:
        """The row of a flow, 0 when it is gone."""
        cdef Core* core = &self.engine.core
        cdef u32 i, found = 0
        with nogil:
            for i in range(1, core.table.high + 1):
                if core.table.colds[i].id == ident and core.table.rows[i].family != FAMILY_NONE:
                    found = i
                    break
        return found


def screen_record(Engine engine, u32 number, list interfaces, bint show_secrets=False) -> dict:
    """The flow record with what a screen wants besides: age and idleness in seconds, idleness by its timeout."""
    cdef Core* core = &engine.core
    cdef Row* row
    record = flow_record(engine, number, interfaces, show_secrets)
    if record:
        row = &core.table.rows[number]
        clock = max(core.clock, row.last)
        record["age_s"] = (clock - core.table.colds[number].first) / 1e9
        record["idle_s"] = (clock - row.last) / 1e9
        if not row.bits & BIT_ENDED:
            record["staleness"] = (clock - row.last) / max(timeout_ns(core, row), 1)
    return record


def dns_times(Engine engine, u64 since) -> list:
    """Microseconds that plain DNS responses took which came since then (ns), of the newest few thousand."""
    cdef Core* core = &engine.core
    cdef u64 i, n = min(core.dpi.dns_timed, <u64>DNS_KEPT)
    return [core.dpi.dns_ns[i] / 1000 for i in range(n) if core.dpi.dns_at[i] >= since]


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
