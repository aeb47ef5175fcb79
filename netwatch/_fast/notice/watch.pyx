"""Turns of flows become notices: the few things of which Python's detectors make up their minds.

All engines' turns are looked at in order of frames, and time is that of frames, so that the notices are the same for
any number of engines and any size of chunk. A notice is a tuple of what model.detect.Notice names.
"""
from libc.stdlib cimport free, qsort, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.scopes cimport is_shared
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.turns cimport (TURN_ABORTED, TURN_ANSWERED, TURN_BEGAN, TURN_CARRIED, TURN_CLOSED, TURN_DUE,
                                        TURN_OPENED, TURN_REFUSED, TURN_TOLD, Turn, Turns)
from netwatch._fast.notice.attempts cimport *
from netwatch._fast.out.rawflow cimport packed
from netwatch._fast.wire.packet cimport PROTO_TCP

from netwatch._fast.flow.turns import Turns as TurnsOf
from netwatch._fast.out.names import proto_name

cdef enum:
    FAILED_A_SECOND = 5000     # told one by one; the rest of the second as one that says how many

cdef struct Placed:            # a turn and whose it is
    const Turn* turn
    u32 shard


cdef int by_frame(const void* a, const void* b) noexcept nogil:
    """Within a frame as they were put down."""
    cdef const Turn* x = (<const Placed*>a).turn
    cdef const Turn* y = (<const Placed*>b).turn
    if x.frame != y.frame:
        return 1 if x.frame > y.frame else -1
    return (x > y) - (x < y)


cdef class Watch:
    """Looks at the turns of some engines."""
    cdef list engines
    cdef list lists            # the Turns of each
    cdef Attempts attempts
    cdef u64 patience          # ns
    cdef u64 now               # newest time of a turn, ns
    cdef u64 second            # of the newest notice of a failure
    cdef u32 failed            # notices in it
    cdef Placed* order
    cdef u64 cap
    cdef list out

    def __init__(self, engines: list, patience_s: int) -> None:
        """`patience_s`: how long an answer may take."""
        cdef Engine engine
        if not attempts_open(&self.attempts):
            raise MemoryError("no memory for detectors")
        self.engines, self.lists = list(engines), [TurnsOf() for _ in engines]
        self.patience = <u64>patience_s * 1000000000
        for engine, turns in zip(self.engines, self.lists):
            engine.turn_into(turns)

    def __dealloc__(self):
        attempts_close(&self.attempts)
        free(self.order)

    @property
    def lost(self) -> int:
        """What found no room, since the start: turns, and attempts that had to be forgotten while they waited."""
        return sum(turns.lost for turns in self.lists) + self.attempts.overrun

    def look(self, over: bool) -> list:
        """The notices that come of what the engines did since the last time. `over`: nothing more will come."""
        cdef u64 i, n
        cdef Turns turns
        cdef Engine engine
        self.out = []
        n = self.gather()
        for i in range(n):
            self.take(self.order[i].turn, self.order[i].shard)
        for turns in self.lists:
            turns.list.used = 0
        for engine in self.engines:
            if engine.core.clock > self.now:
                self.now = engine.core.clock
        self.expire(over)
        found, self.out = self.out, []
        return found

    cdef u64 gather(self) except? 0:
        """All turns in order of frames; how many."""
        cdef u64 n = 0, at
        cdef u32 shard = 0
        cdef Turns turns
        cdef void* grown
        for turns in self.lists:
            at = 0
            while at < turns.list.used:
                if n == self.cap:
                    grown = realloc(self.order, (2 * self.cap + 1024) * sizeof(Placed))
                    if grown == NULL:
                        raise MemoryError("no memory for detectors")
                    self.order, self.cap = <Placed*>grown, 2 * self.cap + 1024
                self.order[n].turn = <const Turn*>(turns.list.mem + at)
                self.order[n].shard = shard
                at += self.order[n].turn.size
                n += 1
            shard += 1
        if shard > 1:
            qsort(self.order, n, sizeof(Placed), by_frame)
        return n

    cdef int take(self, const Turn* turn, u32 shard) except -1:
        cdef Attempt* attempt
        if turn.what == TURN_DUE or turn.what == TURN_TOLD:
            return 0
        if turn.ts > self.now:
            self.now = turn.ts
            self.expire(False)
        if turn.what == TURN_BEGAN:
            if not turn.spoke and not is_shared(turn.family, turn.dst):
                attempt_begin(&self.attempts, turn, shard)
        elif turn.what == TURN_OPENED or turn.what == TURN_ANSWERED:
            if attempt_settle(&self.attempts, turn) != NULL:
                attempt_answered(&self.attempts, turn)
        elif turn.what == TURN_REFUSED or turn.what == TURN_ABORTED:
            attempt = attempt_settle(&self.attempts, turn)
            if attempt != NULL:
                self.fail(attempt, "refused" if turn.what == TURN_REFUSED else "half-open")
        elif turn.what == TURN_CARRIED or turn.what == TURN_CLOSED:
            self.tell("carried" if turn.what == TURN_CARRIED else "closed", turn, shard,
                      (turn.payload[0], turn.payload[1], turn.spoke))
        return 0

    cdef int expire(self, bint over) except -1:
        """Attempts that have waited too long have failed; when all is over, so have those that still wait."""
        cdef Attempt* attempt
        cdef u64 before = self.now - self.patience if self.now > self.patience else 0
        if over:
            before = <u64>-1
        while True:
            attempt = attempt_due(&self.attempts, before)
            if attempt == NULL:
                return 0
            self.fail(attempt, "unanswered")

    cdef int fail(self, Attempt* attempt, str how) except -1:
        cdef u64 second = attempt.turn.ts // 1000000000
        cdef Source* source = source_of(&self.attempts, &attempt.turn)
        if second > self.second:
            self.second, self.failed = second, 0
        self.failed += 1
        if self.failed <= FAILED_A_SECOND:
            self.tell("failed", &attempt.turn, attempt.shard,
                      (how, source.tried[0] + source.tried[1], source.answered[0] + source.answered[1])
                      if source != NULL else (how, 0, 0))
        return 0

    cdef int tell(self, str kind, const Turn* turn, u32 shard, object more) except -1:
        cdef u64 number = turn.id
        cdef Engine engine
        if number == 0:
            engine = self.engines[shard]
            if engine.core.table.colds[turn.row].key == turn.key:
                number = engine.core.table.colds[turn.row].id
        self.out.append((kind, turn.ts, turn.frame, number, packed(turn.src, turn.family), packed(turn.dst, turn.family),
                         turn.sport, turn.dport, proto_name(turn.proto), turn.app, more))
        return 0
