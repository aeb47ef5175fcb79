"""Turns of flows become notices: the few things of which Python's detectors make up their minds.

All engines' turns are looked at in order of frames, and time is that of frames, so that the notices are the same for
any number of engines and any size of chunk. A notice is a tuple of what model.detect.Notice names.
"""
from libc.stdlib cimport free, qsort, realloc

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.sighting cimport BY_NDP, ROLE_ROUTER
from netwatch._fast.flow.turns cimport (TURN_ABORTED, TURN_ANSWERED, TURN_ASKED, TURN_BEGAN, TURN_CARRIED, TURN_CLOSED,
                                        TURN_DUE, TURN_GREETED, TURN_LINK, TURN_OPENED, TURN_PROBED, TURN_REFUSED,
                                        TURN_TOLD, Turn, Turns)
from netwatch._fast.notice.prefetch cimport AHEAD, fetch_ahead, fetch_first, is_nearby, is_shared
from netwatch._fast.notice.attempts cimport *
from netwatch._fast.notice.periodic cimport Beat, Beats, GAPS, beat_of, beat_steady, beats_close, beats_open
from netwatch._fast.notice.crowd cimport Group, crowd_of
from netwatch._fast.notice.cardinality cimport (Ask, Crowds, ON_ANSWERED, ON_ASKED, ON_CLOSED, ON_HALF_OPEN,
                                                ON_OPENED, ON_PROBED, ON_REFUSED, ON_TOLD, ON_UNANSWERED)
from netwatch._fast.notice.announcements cimport Stations, station_changed, stations_close, stations_open
from netwatch._fast.notice.tallies cimport Tallies
from netwatch._fast.notice.waiting cimport Waiting, waiting_close, waiting_order, waiting_put, waiting_turn
from netwatch._fast.out.flowfields cimport F_TUNNEL, surroundings
from netwatch._fast.out.rawflow cimport packed
from netwatch._fast.proto.tls.hello cimport TLS_ALERT
from netwatch._fast.wire.packet cimport FAMILY_IP6, PROTO_TCP, PROTO_UDP

from netwatch._fast.flow.turns import Turns as TurnsOf
from netwatch._fast.out.names import proto_name
from netwatch._fast.out.naming import link_sighting

cdef int by_frame(const void* a, const void* b) noexcept nogil:
    """Within a frame as they were put down."""
    cdef const Turn* x = (<Turn* const*>a)[0]
    cdef const Turn* y = (<Turn* const*>b)[0]
    if x.frame != y.frame:
        return 1 if x.frame > y.frame else -1
    return (x > y) - (x < y)


cdef enum:
    SECOND = 1000000000        # ns
    WHENS = 9                  # bits of Crowds.when
    KINDS = 3                  # of flows: TCP, UDP, others
    ASKED = 8                  # tables that count a turn at a time
    HEARERS = 29               # bits of Heard for tables; further tables share them
    HEARS_SAID = 1 << 29       # what is told of each flow
    HEARS_TLS = 1 << 30        # for who diagnoses: all that TLS says
    HEARS_ALERT = 1 << 31      # alerts of TLS

cdef inline int bit_number(u32 bit) noexcept nogil:
    cdef int number = 0
    while bit > 1:
        bit >>= 1
        number += 1
    return number


cdef inline int kind_of(u32 proto) noexcept nogil:
    return 0 if proto == PROTO_TCP else 1 if proto == PROTO_UDP else 2


cdef class Watch:
    """Looks at the turns of some engines."""
    cdef list engines
    cdef list lists            # the Turns of each
    cdef list tables           # Crowds
    cdef list told             # those that count what flows say
    cdef list counting         # by the number of the bit of what happens and the kind of flow, those that count it
    cdef u32 counted           # what happens of which one of them takes note
    cdef bint carried, steady, link, router, inside  # somebody wants that
    cdef Beats beats
    cdef u32 low, high, spread  # ms, ms, %; see beat_steady()
    cdef Tallies tallies       # None: nobody diagnoses
    cdef Stations stations
    cdef Attempts attempts
    cdef u64 patience          # ns
    cdef u64 now               # newest time of a turn, ns
    cdef Turn** order
    cdef u64 cap
    cdef Waiting waiting
    cdef Ask[ASKED] asked
    cdef list out

    def __init__(self, engines: Sequence[Engine], tables: Sequence[Crowds], wants: frozenset[str],
                 patience_s: int, beats: tuple[int, int, int] | None = None,
                 said: Iterable[tuple[int, int]] = ()) -> None:
        """`tables`: Crowds; `wants`: kinds of notice; `patience_s`: how long an answer may take; `beats`: gaps of at
        least and at most so many seconds, that are so many percent from their median; `said`: numbers of protocols and
        keys of facts: of each flow that said one of them its facts are told."""
        cdef Engine engine
        cdef Turns turns
        cdef Crowds table
        cdef int i, app, key
        if not (attempts_open(&self.attempts, <u32>len(engines)) and beats_open(&self.beats)
                and stations_open(&self.stations)):
            raise MemoryError("no memory for detectors")
        self.engines, self.lists, self.tables = list(engines), [TurnsOf() for _ in engines], list(tables)
        self.told = [table for table in tables if "told" in table.on]
        self.counting = [[] for _ in range(WHENS * KINDS)]
        for table in tables:
            self.counted |= table.when
            for i in range(WHENS * KINDS):
                if table.when >> i // KINDS & 1 and table.of_kind(i % KINDS):
                    self.counting[i].append(table)
        self.carried, self.steady = "carried" in wants, "steady" in wants
        self.link, self.router, self.inside = "link" in wants, "router" in wants, "inside" in wants
        if beats is not None:
            self.low, self.high, self.spread = 1000 * beats[0], 1000 * beats[1], beats[2]
        self.patience = <u64>patience_s * 1000000000
        for turns in self.lists:
            for table in tables:
                table.hear_happen(&turns.list.heard)
        for i, table in enumerate(self.told):
            for turns in self.lists:
                table.hear(&turns.list.heard, <u32>1 << i % HEARERS, len(self.told) <= HEARERS)
        for app, key in said:
            for turns in self.lists:
                turns.list.heard.by_fact[app][key] |= HEARS_SAID
                for i in range(256):
                    turns.list.heard.by_app[i] |= HEARS_SAID
        for engine, turns in zip(self.engines, self.lists):
            engine.turn_into(turns)
            if self.link or self.router or self.inside:
                engine.core.dpi.turns = <void*>turns.list

    def tally(self, tallies: Tallies) -> None:
        """From now on what flows wait for is put down there."""
        cdef Turns turns
        cdef int app, key
        self.tallies = tallies
        for turns in self.lists:
            turns.diagnose()
            turns.list.heard.by_app[tallies.tls] |= HEARS_TLS
            for app in range(256):
                turns.list.heard.by_app[app] |= HEARS_ALERT
                for key in range(256):
                    turns.list.heard.by_fact[app][key] |= HEARS_TLS
            turns.list.heard.by_fact[tallies.tls][TLS_ALERT] |= HEARS_ALERT

    def __dealloc__(self):
        attempts_close(&self.attempts)
        beats_close(&self.beats)
        stations_close(&self.stations)
        free(self.order)
        waiting_close(&self.waiting)

    @property
    def lost(self) -> int:
        """What found no room, since the start: turns, and attempts that had to be forgotten while they waited."""
        return sum(turns.lost for turns in self.lists) + self.attempts.overrun + self.waiting.unheard

    def look(self, over: bool) -> list[tuple[object, ...]]:
        """The notices that come of what the engines did since the last time. `over`: nothing more will come."""
        cdef u64 i, n
        cdef Beats* beats
        cdef Turns turns
        cdef Engine engine
        self.out = []
        n = self.gather()
        beats = &self.beats if self.steady else NULL
        fetch_first(&self.attempts, beats, self.order, n)
        for i in range(n):
            if i % AHEAD == 0:
                fetch_ahead(&self.attempts, beats, self.order, i, n)
            self.take(self.order[i])
        for turns in self.lists:
            turns.list.used = 0
        for engine in self.engines:
            if engine.core.clock > self.now:
                self.now = engine.core.clock
        self.expire(over)
        self.tell_waiting(over)
        found, self.out = self.out, []
        return found

    cdef u64 gather(self) except? 0:
        """All turns in order of frames, with the numbers of their flows; how many."""
        cdef u64 n = 0, at
        cdef Turns turns
        cdef Turn* turn
        cdef Engine engine
        cdef void* grown
        for shard, (turns, engine) in enumerate(zip(self.lists, self.engines)):
            at = 0
            while at < turns.list.used:
                if n == self.cap:
                    grown = realloc(self.order, (2 * self.cap + 1024) * sizeof(Turn*))
                    if grown == NULL:
                        raise MemoryError("no memory for detectors")
                    self.order, self.cap = <Turn**>grown, 2 * self.cap + 1024
                turn = self.order[n] = <Turn*>(turns.list.mem + at)
                turn.shard = shard
                if turn.id == 0 and engine.core.table.colds[turn.row].key == turn.key:
                    turn.id = engine.core.table.colds[turn.row].id
                at += turn.size
                n += 1
        if n and len(self.lists) > 1:
            qsort(self.order, n, sizeof(Turn*), by_frame)
        return n

    cdef int take(self, const Turn* turn) except -1:
        cdef const Turn* began
        if turn.what == TURN_DUE or turn.what == TURN_TOLD:
            return self.wait(turn)
        if turn.what == TURN_LINK:
            return self.hear(turn)
        if turn.ts > self.now:
            self.now = turn.ts
            self.expire(False)
        if self.tallies is not None:
            self.tallies.take(turn, self.now)
        if turn.what == TURN_BEGAN:
            if not turn.spoke and not is_shared(turn.family, turn.dst):
                if not attempt_begin(&self.attempts, turn):
                    raise MemoryError("no memory for detectors")
                if self.steady and not is_nearby(turn.family, turn.dst):
                    self.keep_time(turn)
        elif turn.what == TURN_OPENED or turn.what == TURN_ANSWERED:
            attempt_answered(&self.attempts, turn)
            self.count(ON_OPENED if turn.what == TURN_OPENED else ON_ANSWERED, turn)
        elif turn.what == TURN_REFUSED or turn.what == TURN_ABORTED:
            began = attempt_settle(&self.attempts, turn, turn.what == TURN_ABORTED)
            if began != NULL:
                self.count(ON_REFUSED if turn.what == TURN_REFUSED else ON_HALF_OPEN, began)
        elif turn.what == TURN_CLOSED:
            self.count(ON_CLOSED, turn)
        elif turn.what == TURN_PROBED or turn.what == TURN_ASKED:
            self.count(ON_PROBED if turn.what == TURN_PROBED else ON_ASKED, turn)
        elif turn.what == TURN_GREETED:
            attempt_greeted(&self.attempts, turn)
        elif turn.what == TURN_CARRIED and self.carried:
            self.tell("carried", turn, (turn.payload[0], turn.payload[1], turn.spoke))
        return 0

    cdef int hear(self, const Turn* turn) except -1:
        """What a station says of itself is told where it did not say so before."""
        cdef const u8* told = <const u8*>turn + sizeof(Turn)
        cdef bint ndp = told[0] == BY_NDP and told[3] == FAMILY_IP6
        if not station_changed(&self.stations, told):
            return 0
        if self.link and told[2]:
            self.sight("link", turn, told)
        if self.router and ndp and told[1] == ROLE_ROUTER:
            self.sight("router", turn, told)
        if self.inside and ndp and not is_nearby(FAMILY_IP6, told + 4):
            self.sight("inside", turn, told)
        return 0

    cdef int sight(self, str kind, const Turn* turn, const u8* told) except -1:
        self.out.append((kind, turn.ts, turn.frame, turn.id, b"", b"", 0, 0, "", 0,
                         link_sighting((<const char*>told)[:turn.facts])[:4], self.tunnel(turn)))
        return 0

    cdef int wait(self, const Turn* turn) except -1:
        """What flows say is looked at in the order in which they were done, second by second: by then all engines have
        told of the second. A flow that nothing ended was done when it had been idle for too long."""
        cdef Crowds table
        cdef int i
        cdef u64 second = (turn.ts if turn.what == TURN_DUE else max(self.now, turn.ts)) // SECOND
        if not turn.value & (HEARS_TLS | HEARS_ALERT | HEARS_SAID):
            for i, table in enumerate(self.told):
                if turn.value >> i % HEARERS & 1 and table.worth(turn):
                    break
            else:
                return 0
        if not waiting_put(&self.waiting, turn, second, turn.key if turn.what == TURN_DUE else turn.frame):
            raise MemoryError("no memory for detectors")
        return 0

    cdef int tell_waiting(self, bint over) except -1:
        """Let the tables count what flows said that were done before this second."""
        cdef Waiting* w = &self.waiting
        cdef u64 i, kept = 0, second = self.now // SECOND
        cdef Turn* turn
        waiting_order(w)
        if w.n and not over and w.ones[0].second >= second:
            return 0
        for i in range(w.n):
            if not over and w.ones[i].second >= second:
                w.ones[kept] = w.ones[i]
                kept += 1
                continue
            turn = waiting_turn(w, i)
            w.bytes -= turn.size
            turn.frame, turn.ts = turn.key >> 4, turn.first
            if turn.value & (HEARS_TLS | HEARS_ALERT):
                self.tallies.told(turn, w.ones[i].second * SECOND)
            self.count(ON_TOLD, turn)
            if turn.value & HEARS_SAID:
                self.tell("said", turn, ((<const char*>turn + sizeof(Turn))[:turn.facts],))
        w.n = kept
        if kept == 0:
            w.stored = 0
        return 0

    cdef int keep_time(self, const Turn* turn) except -1:
        """Tell of a source that begins flows to a destination at regular times: once, and when it has gone on."""
        cdef u32 middle, off, i
        cdef Beat* one = beat_of(&self.beats, turn)
        if one == NULL or not beat_steady(one, self.low, self.high, self.spread, &middle, &off):
            return 0
        self.tell("steady", turn, (one.said, one.first, one.last, one.count, middle / 1000.0, off / 1000.0,
                                   [one.starts[i].flow for i in range(min(one.count, <u64>GAPS))],
                                   [one.starts[i].frame for i in range(min(one.count, <u64>GAPS))]))
        one.said = 1
        return 0

    cdef int expire(self, bint over) except -1:
        """Attempts that have waited too long have failed; when all is over, so have those that still wait."""
        cdef const Turn* began
        cdef bint greeted = False
        cdef u64 before = self.now - self.patience if self.now > self.patience else 0
        if over:
            before = <u64>-1
        while True:
            began = attempt_due(&self.attempts, before, &greeted)
            if began == NULL:
                return 0
            if self.tallies is not None:
                self.tallies.unanswered(began, began.ts + self.patience, greeted)
            self.count(ON_UNANSWERED, began)

    cdef int count(self, u32 when, const Turn* turn) except -1:
        """Let the tables count what happened, and tell of groups that have grown large by it."""
        cdef Crowds table
        cdef list tables
        cdef int i, n = 0
        if not self.counted & when:
            return 0
        tables = self.told if when == ON_TOLD else self.counting[bit_number(when) * KINDS + kind_of(turn.proto)]
        for i, table in enumerate(tables):
            if (when == ON_TOLD and not turn.value >> i % HEARERS & 1) or not table.takes(turn):
                continue
            if table.names or n == ASKED:
                self.count_asked(tables, n, turn)
                n = 0
            if table.names:
                self.judge(table, table.add_names(turn), turn)
                continue
            table.ask(&self.asked[n], turn)
            self.asked[n].table = i
            n += 1
        return self.count_asked(tables, n, turn)

    cdef int count_asked(self, list tables, int n, const Turn* turn) except -1:
        """Let the tables count that asked for the turn: what each will look at comes into the cache meanwhile."""
        cdef Ask* asked
        cdef int i
        for i in range(n):
            (<Crowds>tables[self.asked[i].table]).ask_group(&self.asked[i])
        for i in range(n):
            (<Crowds>tables[self.asked[i].table]).ask_member(&self.asked[i], turn.ts)
        for i in range(n):
            (<Crowds>tables[self.asked[i].table]).ask_nearest(&self.asked[i])
        for i in range(n):
            asked = &self.asked[i]
            (<Crowds>tables[asked.table]).count(asked.group, &asked.thing, asked.hash, turn)
            self.judge(<Crowds>tables[asked.table], asked.group, turn)
        return 0

    cdef int judge(self, Crowds table, Group* group, const Turn* turn) except -1:
        """Tell of the group, if it has grown large by the turn."""
        cdef const Source* source
        if group == NULL or group.said or group.n < table.least:
            return 0
        if table.answered:
            source = source_of(&self.attempts, turn)
            if source != NULL and sum_of(source.answered) * table.answered > sum_of(source.tried):
                return 0
        group.said = True
        said = (<const char*>turn + sizeof(Turn))[:turn.facts]
        return self.tell("crowd", turn, (table, crowd_of(group), said))

    cdef int tell(self, str kind, const Turn* turn, tuple more) except -1:
        self.out.append((kind, turn.ts, turn.frame, turn.id, packed(turn.src, turn.family),
                         packed(turn.dst, turn.family), turn.sport, turn.dport, proto_name(turn.proto), turn.app, more,
                         self.tunnel(turn)))
        return 0

    cdef list tunnel(self, const Turn* turn):
        """The tunnels that the flow lies in, as its record has them."""
        cdef Engine engine = self.engines[turn.shard]
        return surroundings(&engine.core, turn.path, []).get(F_TUNNEL, []) if turn.path else []


cdef inline u32 sum_of(const u32* minutes) noexcept nogil:
    return minutes[0] + minutes[1]
