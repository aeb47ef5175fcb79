"""Tables of groups and their members, each member counted once in the window. Both forget the oldest first.

A table says which turns count (Many of netwatch.detect.contract), which parts of them make the key, and which the
thing. Nothing of Python is made until a group has as many members as its table asks for.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport mix_bytes, mix_on
from netwatch._fast.flow.content cimport FACT_HEAD
from netwatch._fast.flow.turns cimport CLOSES_COUNT, CLOSES_FACTS, Heard, PICKS, Pick, TURN_ASKED, Turn
from netwatch._fast.notice.crowd cimport KEPT, Crowd, Group, note, part
from netwatch._fast.notice.prefixes cimport BEGINNING, BEGINNINGS, Beginning, begins_so
from netwatch._fast.notice.domains cimport (LABEL_LEAST, LONG_NAME, NAMES_LONG, NAMES_MISSING, NAMES_NOT, below,
                                            longish, missing)
from netwatch._fast.notice.turnkeys cimport *
from netwatch._fast.notice.words cimport PARTS, told_parts
from netwatch._fast.notice.agingtable cimport (PLACES_FIRST, places_add, places_close, places_first, places_grow,
                                               places_near, places_nearer, places_next, places_open)
from netwatch._fast.proto.dns.facts cimport DNS_NAME
from netwatch._fast.wire.packet cimport PROTO_TCP, PROTO_UDP

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import proto_name

WHEN = {"refused": ON_REFUSED, "half-open": ON_HALF_OPEN, "unanswered": ON_UNANSWERED, "opened": ON_OPENED,
        "answered": ON_ANSWERED, "closed": ON_CLOSED, "told": ON_TOLD, "probed": ON_PROBED,
        "asked": ON_ASKED}
NAMES = {"": NAMES_NOT, "long": NAMES_LONG, "missing": NAMES_MISSING}


cdef u64 member_hash(const Parts* thing, u64 made) noexcept nogil:
    return mix_on(parts_hash(thing), made, made)


cdef class Crowds:
    """One table."""

    def __init__(self, when: tuple[str, ...], by: tuple[str, ...], of: tuple[str, ...], least: int, window_s: int,
                 protos: tuple[str, ...], apps: tuple[str, ...], ports: frozenset[int] | None, answered: int,
                 facts: tuple[tuple[str, int], ...], carried: int, names: str, spared: range, sent: int,
                 begins: tuple[tuple[str, int, bytes], ...], clear: tuple[str, int] | None, bound: int,
                 numbers: tuple[tuple[str, int, frozenset[int]], ...]) -> None:
        """See detect.contract.Many, whose fields these are. `bound`: members, a power of two."""
        cdef list apps_of = app_names()
        self.on = when
        self.when, self.by, self.of = sum(WHEN[x] for x in when), sum(PARTS[x] for x in by), sum(PARTS[x] for x in of)
        self.least, self.window, self.answered = least, <u64>window_s * 1000000000, answered
        for i in range(256):
            self.protos[i] = not protos or proto_name(i) in protos
            self.apps[i] = not apps or (i < len(apps_of) and apps_of[i] in apps)
        self.any_port = ports is None and not spared
        memset(self.ports, 255 if ports is None else 0, sizeof(self.ports))
        for i in ports or ():
            self.ports[i >> 5] |= <u32>1 << (i & 31)
        for i in spared:
            self.ports[i >> 5] &= ~(<u32>1 << (i & 31))
        self.names, self.dns = NAMES[names], apps_of.index("dns")
        self.parts_n = sizeof(Parts) if self.names else sizeof(Parts) - NAME_KEPT
        self.any_fact = not facts
        self.carried, self.sent = carried or <u64>-1, sent
        for app, i in facts:
            self.facts[apps_of.index(app)][i >> 6] |= <u64>1 << (i & 63)
        self.keep_beginnings(apps_of, begins)
        self.keep_numbers(apps_of, numbers)
        if clear is not None:
            self.clear[0], self.clear[1] = apps_of.index(clear[0]), clear[1]
        self.asks = self.when & ON_TOLD or self.clear[1]
        self.bound = bound
        self.stride = <u32>(sizeof(Member) - sizeof(Parts) + self.parts_n)
        self.member = <u8*>calloc(PLACES_FIRST + 1, self.stride)
        self.wide = <u32>(sizeof(Group) - (0 if self.names else KEPT * NAME_KEPT))
        self.group = <u8*>calloc(PLACES_FIRST + 1, self.wide)
        if (not places_open(&self.members, PLACES_FIRST) or not places_open(&self.groups, PLACES_FIRST)
                or self.member == NULL or self.group == NULL):
            raise MemoryError("no memory for detectors")

    cdef int keep_numbers(self, list apps, tuple numbers) except -1:
        cdef Pick* pick
        cdef int number
        if len(numbers) > PICKS:
            raise ValueError(f"more than {PICKS} facts of which some numbers count")
        self.picks = <Pick*>calloc(len(numbers) + 1, sizeof(Pick))
        if self.picks == NULL:
            raise MemoryError("no memory for detectors")
        for app, key, those in numbers:
            pick = &self.picks[self.n_picks]
            pick.app, pick.key = apps.index(app), key
            for number in those:
                pick.numbers[number >> 3 & 8191] |= <u8>(1 << (number & 7))
            self.n_picks += 1
        return 0

    cdef int keep_beginnings(self, list apps, tuple begins) except -1:
        cdef Beginning* one
        cdef bytes text
        if len(begins) > BEGINNINGS:
            raise ValueError(f"more than {BEGINNINGS} beginnings of facts")
        for app, key, text in begins:
            one = &self.begins[self.n_begins]
            one.app, one.key, one.n = apps.index(app), key, <u8>min(<u32>len(text), <u32>BEGINNING)
            memcpy(one.text, <const char*>text, one.n)
            self.n_begins += 1
            self.facts[one.app][one.key >> 6] |= <u64>1 << (one.key & 63)
            self.any_fact = False
        return 0

    def __dealloc__(self):
        cdef u32 i
        if self.group != NULL:
            for i in range(1, <u32>min(self.groups.made, <u64>self.groups.cap) + 1):
                part(self.group_at(i))
        free(self.picks)
        places_close(&self.members)
        places_close(&self.groups)
        free(self.member)
        free(self.group)

    def pass_over(self, crowd: Crowd) -> None:
        """What said the same as its first flow, word for word, counts no more: so much of it as is remembered. Of a
        table whose key has facts."""
        cdef u64* slot = self.passed[crowd.group.key.facts[0] & (PASSED - 1)]
        slot[0], slot[1] = crowd.group.key.facts[0], crowd.group.key.facts[1]

    @property
    def window_s(self) -> int:
        """Seconds."""
        return self.window // 1000000000

    def key(self, crowd: Crowd) -> dict:
        """What the crowd has in common, by the names of parts."""
        return told_parts(&crowd.group.key, self.by)

    def things(self, crowd: Crowd) -> list[Record]:
        """The first of the different things."""
        cdef u32 i, n = min(<u32>crowd.group.distinct, <u32>KEPT)
        return [told_parts(<const Parts*>(<const u8*>crowd.group.things + i * self.parts_n), self.of)
                for i in range(n)]

    cdef bint takes(self, const Turn* turn) noexcept:
        """Does it count? Where facts are asked for, one of them must be there."""
        return self.fits(turn) and (not self.asks or self.hears(turn))

    cdef bint of_kind(self, int kind) noexcept:
        """Does it count flows of TCP (0), UDP (1), any others (2)?"""
        cdef int i
        if kind < 2:
            return self.protos[PROTO_TCP if kind == 0 else PROTO_UDP]
        for i in range(256):
            if self.protos[i] and i != PROTO_TCP and i != PROTO_UDP:
                return True
        return False

    cdef bint fits(self, const Turn* turn) noexcept:
        """Does it count, whatever it said?"""
        return (self.protos[turn.proto & 255] and self.apps[turn.app]
                and (self.any_port or self.ports[turn.dport >> 5] >> (turn.dport & 31) & 1)
                and turn.payload[0] >= self.sent
                and (self.clear[1] or turn.payload[0] + turn.payload[1] <= self.carried))

    cdef bint small(self, const Turn* turn, const u8* fact) noexcept:
        """Did the flow carry little beyond what the fact says?"""
        cdef u64 clear = 0
        if fact[0] == self.clear[0] and fact[1] == self.clear[1]:
            memcpy(&clear, fact + FACT_HEAD, min(<u32>fact[2], <u32>sizeof(clear)))
        return turn.payload[0] + turn.payload[1] <= clear + self.carried

    cdef void hear(self, Heard* heard, u32 bit, bint alone) noexcept:
        """Put down which facts of which flows count, and which numbers, where no other table has the bit."""
        cdef int app, key
        cdef u32 i
        heard.any_fact |= bit * self.any_fact
        for i in range(self.n_picks if alone else 0):
            if heard.n_picks < PICKS:
                heard.picks[heard.n_picks] = self.picks[i]
                heard.picks[heard.n_picks].bit = bit
                heard.n_picks += 1
        for app in range(256):
            heard.by_app[app] |= bit * self.apps[app]
            if self.any_fact or not (self.facts[app][0] | self.facts[app][1] | self.facts[app][2] | self.facts[app][3]):
                continue
            for key in range(256):
                heard.by_fact[app][key] |= bit * (self.facts[app][key >> 6] >> (key & 63) & 1)

    cdef void hear_happen(self, Heard* heard) noexcept:
        """Put down which flows count when they close, and that names do when they are asked for."""
        cdef int app
        if self.when & ON_CLOSED:
            for app in range(256):
                heard.closes[app] |= self.apps[app] * (CLOSES_COUNT | (CLOSES_FACTS if self.asks else 0))
        if self.when & ON_ASKED:
            heard.asked = 1
            heard.name[0], heard.name[1] = <u8>self.dns, DNS_NAME

    cdef bint hears(self, const Turn* turn) noexcept:
        """Are there facts that count? Hash them, where the table tells apart what was said."""
        cdef const u8* at = <const u8*>turn + sizeof(Turn)
        cdef const u8* end = at + turn.facts
        cdef u32 size
        cdef u64 h
        cdef const u64* slot
        cdef bint found = False
        self.said[0] = self.said[1] = 0
        while at < end:
            size = FACT_HEAD + (at[2] | <u32>at[3] << 8)
            if ((self.any_fact or self.facts[at[0]][at[1] >> 6] >> (at[1] & 63) & 1)
                    and begins_so(self.begins, self.n_begins, at) and (not self.clear[1] or self.small(turn, at))):
                if not (self.by | self.of) & PART_FACTS:
                    return True
                h = mix_bytes(at, size)
                self.said[0], self.said[1] = mix_on(self.said[0], h, size), mix_on(self.said[1], size, ~h)
                found = True
            at += size
        slot = self.passed[self.said[0] & (PASSED - 1)]
        return found and not (slot[0] == self.said[0] and slot[1] == self.said[1])

    cdef bint worth(self, const Turn* turn) noexcept:
        """May it count when its time comes, by all but its facts; and if names count, by those?"""
        if self.names == NAMES_NOT or not self.fits(turn):
            return self.fits(turn)
        return missing(turn, self.dns) if self.names == NAMES_MISSING else longish(turn, self.dns)

    cdef void ask(self, Ask* asked, const Turn* turn) noexcept:
        """The turn counts here. Where it will be counted comes into the cache step by step, while others ask."""
        take_parts(&asked.key, turn, self.by, self.said)
        take_parts(&asked.thing, turn, self.of, self.said)
        asked.hash = parts_hash(&asked.key)
        places_near(&self.groups, asked.hash)

    cdef void ask_group(self, const Ask* asked) noexcept:
        places_nearer(&self.groups, asked.hash, self.group, self.wide)

    cdef int ask_member(self, Ask* asked, u64 now) except -1:
        self.forget(now)
        asked.group = self.group_of(&asked.key, asked.hash)
        asked.hash = member_hash(&asked.thing, asked.group.made)
        places_near(&self.members, asked.hash)
        return 0

    cdef void ask_nearest(self, const Ask* asked) noexcept:
        places_nearer(&self.members, asked.hash, self.member, self.stride)

    cdef Group* add_names(self, const Turn* turn) except? NULL:
        """Count the names that the flow asked for, as far as they are of the kind; the newest group, NULL none."""
        cdef Parts key, thing
        cdef const u8* at = <const u8*>turn + sizeof(Turn)
        cdef const u8* end = at + turn.facts
        cdef const u8* name
        cdef u32 n, cut, first
        cdef Group* found = NULL
        if self.names == NAMES_MISSING and not missing(turn, self.dns):
            return NULL
        while at < end:
            n = at[2] | <u32>at[3] << 8
            name = at + FACT_HEAD
            if at[0] == self.dns and at[1] == DNS_NAME:
                cut = below(name, n)
                first = min(cut + (cut > 0), n)
                if cut >= LONG_NAME if self.names == NAMES_LONG else dotted(name + first, n - first) > LABEL_LEAST:
                    take_parts(&key, turn, self.by, self.said)
                    take_parts(&thing, turn, 0, self.said)
                    if self.names == NAMES_LONG:
                        keep_name(&key, name + first, n - first)
                        keep_name(&thing, name, n)
                    else:
                        keep_name(&thing, name + first, n - first)
                    found = self.put(&key, &thing, turn)
            at += FACT_HEAD + n
        return found

    cdef Group* put(self, const Parts* key, const Parts* thing, const Turn* turn) except NULL:
        """Count a thing of a key; the key's group."""
        cdef Group* group
        self.forget(turn.ts)
        group = self.group_of(key, parts_hash(key))
        self.count(group, thing, member_hash(thing, group.made), turn)
        return group

    cdef int count(self, Group* group, const Parts* thing, u64 h, const Turn* turn) except -1:
        """Count a thing of a group."""
        cdef u32 number = self.find(thing, group.made, h)
        cdef Member* one
        if number and self.when & ON_ASKED and turn.what != TURN_ASKED:
            return 0                            # it counted when it was asked for
        if number == 0:
            if self.members.made - self.oldest >= self.members.cap and (
                    self.members.cap >= self.bound
                    or not places_grow(&self.members, <void**>&self.member, self.stride, &self.oldest)):
                self.drop()
            number = places_add(&self.members, h)
            one = self.member_at(number)
            memcpy(&one.thing, thing, self.parts_n)
            one.group, one.ts, one.number = group.made, turn.ts, <u32>((<u8*>group - self.group) // self.wide)
            if group.distinct < KEPT:
                memcpy(<u8*>group.things + group.distinct * self.parts_n, thing, self.parts_n)
            group.n += 1
            group.distinct += 1
            group.most = max(group.most, group.n)
        note(group, turn)
        return 0

    cdef Group* group_of(self, const Parts* key, u64 h) except NULL:
        cdef u32 number = places_first(&self.groups, h)
        cdef u64 oldest = 0
        cdef bint fresh = False                 # nothing stood there
        cdef Group* group
        while number:
            group = self.group_at(number)
            if group.made and memcmp(&group.key, key, self.parts_n) == 0:
                if group.n:
                    return group
                break                           # all its members are forgotten: it begins anew
            number = places_next(&self.groups, number)
        if number == 0:
            if self.groups.made == self.groups.cap and self.groups.cap < min(<u32>GROUPS, self.bound // 4):
                places_grow(&self.groups, <void**>&self.group, self.wide, &oldest)
            fresh = self.groups.made < self.groups.cap
            number = places_add(&self.groups, h)
        group = self.group_at(number)
        if not fresh:
            part(group)
        memset(group, 0, sizeof(Group) - sizeof(group.met) - sizeof(group.things))
        self.made += 1
        group.key, group.made, group.wide = key[0], self.made, self.wide
        return group

    cdef inline Member* member_at(self, u32 number) noexcept:
        return <Member*>(self.member + <u64>number * self.stride)

    cdef inline Group* group_at(self, u32 number) noexcept:
        return <Group*>(self.group + <u64>number * self.wide)

    cdef u32 find(self, const Parts* thing, u64 made, u64 h) noexcept:
        cdef u32 number = places_first(&self.members, h)
        cdef const Member* one
        while number:
            one = self.member_at(number)
            if one.group == made and memcmp(&one.thing, thing, self.parts_n) == 0:
                return number
            number = places_next(&self.members, number)
        return 0

    cdef void forget(self, u64 now) noexcept:
        """Members that came before the window; they count again when they are seen again."""
        while self.oldest < self.members.made:
            if self.member_at(<u32>(self.oldest & (self.members.cap - 1)) + 1).ts + self.window >= now:
                return
            self.drop()

    cdef void drop(self) noexcept:
        """The oldest member counts no more."""
        cdef Member* one = self.member_at(<u32>(self.oldest & (self.members.cap - 1)) + 1)
        self.oldest += 1
        if one.group and self.group_at(one.number).made == one.group:
            self.group_at(one.number).n -= 1
        one.group = 0
