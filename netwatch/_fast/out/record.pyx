"""The flow record of CONTRACT section 3 as a dict: for filters, screens and addons. Text is made elsewhere (encoder).

A record's second half, what the classifiers learnt, is described by Python, each protocol by its own module; what is
not asked for is not described.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport FACT_HEAD, app_of
from netwatch._fast.flow.row cimport Facts
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields, flow_at, surroundings
from netwatch._fast.out.values cimport Value, V_ABSENT, to_object
from netwatch._fast.out.writing cimport iso_text

from netwatch._fast.dpi import app_names, having
from netwatch._fast.out.flowfields import FIELDS

cdef enum:
    PROTOS = 256

cdef list APPS = app_names()
CARRIES_TLS = having("carries tls")                     # what their handshake chose stands under tls, as a TLS flow's
SUMMED = frozenset(("app_stack", "label"))              # told by all protocols of a flow together
cdef dict DESCRIBE = {}
cdef dict LABEL = {}


cdef void know_protocols():
    """Who describes: loaded when the first flow with content is described, not before."""
    global DESCRIBE, LABEL
    if not DESCRIBE:
        from netwatch._fast.out import protocols

        DESCRIBE, LABEL = protocols.DESCRIBE, protocols.LABEL


def iso(u64 ns) -> str:
    """ISO 8601 in UTC with nanoseconds."""
    return iso_text(ns)


def path_record(Engine engine, u16 path) -> dict:
    """The keys that a flow with these surroundings has in its record."""
    cdef dict found = surroundings(&engine.core, path)
    return {name: found[field] for name, field in FIELDS if found.get(field) is not None}


def flow_record(Engine engine, u32 number, list interfaces, bint show_secrets=False, wanted=None) -> dict:
    """The flow record of a row; {} when the row is not in use. `wanted`: only these keys of it, and `schema`."""
    return record_of(FlowFields(interfaces), engine, number, show_secrets, wanted)


def record_of(FlowFields fields, Engine engine, u32 number, bint show_secrets=False, wanted=None) -> dict:
    """The same, by getters that are kept from one flow to the next."""
    cdef FlowAt at
    cdef Value v
    if not flow_at(&at, engine, number):
        return {}
    r = {"schema": "netwatch.flow/1"}
    for name, field in FIELDS:
        if wanted is None or name in wanted:
            fields.value(&at, field, &v)
            if v.kind != V_ABSENT:
                r[name] = to_object(&v)
    described(&at, r, show_secrets, wanted)
    return r


def described_of(Engine engine, u32 number, bint show_secrets=False, wanted=None) -> dict:
    """What of the record is in no row: what the classifiers learnt."""
    cdef FlowAt at
    r = {}
    if flow_at(&at, engine, number):
        described(&at, r, show_secrets, wanted)
    return r


cdef list told(const Facts* facts, u8 app):
    """[(protocol, [(key, value)])] in the order in which they first said something; the app is one of them."""
    cdef u8 place[PROTOS]
    cdef const u8* p
    cdef const u8* end
    cdef u32 n
    cdef int proto
    found = []
    for proto in range(PROTOS):
        place[proto] = 0
    if facts != NULL:
        p = <const u8*>(facts + 1)
        end = p + facts.used
        while p < end:
            n = p[2] | <u32>p[3] << 8
            proto = p[0]
            if place[proto] == 0:
                found.append((proto, []))
                place[proto] = <u8>len(found)
            (<list>(<tuple>found[place[proto] - 1])[1]).append((p[1], (<const char*>p + FACT_HEAD)[:n]))
            p += FACT_HEAD + n
    if app and place[app] == 0:
        found.append((app, []))
    return found


cdef int described(const FlowAt* at, dict r, bint show_secrets, object wanted) except -1:
    """Add what the classifiers learnt, each protocol's under its name, and the line that says what the flow is."""
    cdef list by_proto, stack
    cdef int proto
    if at.cold.facts == NULL and at.row.app == 0:
        return 0
    by_proto = told(at.cold.facts, at.row.app)
    if not by_proto:
        return 0
    know_protocols()
    if wanted is None or "app" in wanted:
        r["app"] = APPS[app_of(at.row, at.cold)]
    stack = [APPS[(<tuple>each)[0]] for each in by_proto]
    if wanted is None or "app_stack" in wanted:
        r["app_stack"] = stack
    if wanted is None or "confidence" in wanted:
        r["confidence"] = at.cold.confidence
    every = wanted is None or not SUMMED.isdisjoint(wanted)
    label = None
    for proto, facts in by_proto:
        name = APPS[proto]
        if not (every or name in wanted or ("tls" in wanted and name in CARRIES_TLS)):
            continue
        found = DESCRIBE[name](facts, show_secrets)
        if found:
            if every:
                label = LABEL[name](found)
            join(r, stack, name, found, wanted)
    if label and (wanted is None or "label" in wanted):
        r["label"] = label
    return 0


cdef int join(dict r, list stack, str name, dict found, object wanted) except -1:
    """One protocol's object into the record, and what it says of the protocols above and below into the stack."""
    if "stack" in found:
        over = [each for each in found.pop("stack") if each not in stack]
        stack[stack.index(name) + 1:stack.index(name) + 1] = over
    if "below" in found:
        for under in found.pop("below"):
            if under not in stack:
                stack.insert(stack.index(name), under)
    if name in CARRIES_TLS and "tls" in found:
        said = found.pop("tls")
        if wanted is None or "tls" in wanted:
            r["tls"] = said
    if found and (wanted is None or name in wanted):
        r[name] = found
    return 0
