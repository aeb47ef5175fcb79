"""Groups of flows in order, and the flows of those that are unfolded: the list of a screen, of which it gets a part."""
from libc.stdlib cimport calloc, free

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.aggregate cimport Aggregate, Health, MAX_PARTS, OTHERS, SPOKEN_APP, Sum
from netwatch._fast.view.groupby cimport GroupBy, KIND_NONE, WORDS
from netwatch._fast.view.keys cimport key_of, keys_find, keys_hash
from netwatch._fast.view.order cimport Item, radix
from netwatch._fast.view.selection cimport Selection

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import proto_name

cdef enum:
    TOLD = 64                  # groups told of in one slice

cdef u64 LAST = 0xFFFFFFFFFFFFFFFF

SORTS = ("flows", "bytes", "bytes_out", "bytes_in", "packets", "packets_out", "packets_in", "rate", "rate_out",
         "rate_in", "rtt_us", "retransmits", "first", "remotes")


cdef bint measure(const Sum* g, int what, u64* out) noexcept nogil:
    """The number SORTS[what] of a group; False when it has none."""
    if what == 0:
        out[0] = g.flows
    elif what == 1:
        out[0] = g.bytes[0] + g.bytes[1] - g.own
    elif what <= 3:
        out[0] = g.bytes[what - 2]
    elif what == 4:
        out[0] = g.packets[0] + g.packets[1]
    elif what <= 6:
        out[0] = g.packets[what - 5]
    elif what == 7:
        out[0] = g.rate[0] + g.rate[1]
    elif what <= 9:
        out[0] = g.rate[what - 8]
    elif what == 10:
        out[0] = g.rtt_us // max(<u64>1, g.timed)
        return g.timed != 0
    elif what == 11:
        out[0] = g.retransmits
        return g.tcp != 0
    elif what == 12:
        out[0] = g.first
    else:
        out[0] = g.remotes
    return g.live != 0 if 7 <= what <= 9 else True


cdef class GroupList(Aggregate):
    """Made as Aggregate is. After steps(): sort(), unfold() or fold(), and then page(); or largest() for all of it."""
    cdef Item* order
    cdef Item* spare
    cdef u32 ordered
    cdef u64* starts           # of each place of the order: rows of the list before it
    cdef u32* members          # ... flows of unfolded groups before it
    cdef u64 total

    def __dealloc__(self):
        free(self.order)
        free(self.spare)
        free(self.starts)
        free(self.members)

    def sort(self, str by, bint descending) -> int:
        """Put the groups in order: by one of SORTS, else by name. What has no number comes last, and the others quite
        at the end. How many groups there are."""
        cdef int what = SORTS.index(by) if by in SORTS else -1
        cdef u32 i, at = <u32>len(self.parts)
        cdef GroupBy part
        free(self.order)
        free(self.spare)
        self.order = <Item*>calloc(self.keys.n + 1, sizeof(Item))
        self.spare = <Item*>calloc(self.keys.n + 1, sizeof(Item))
        if self.order == NULL or self.spare == NULL:
            raise MemoryError("no memory for groups")
        self.ordered = 0
        with nogil:
            for i in range(0 if self.sums[OTHERS].flows else 1, self.keys.n + 1):
                self.order[self.ordered].row = i
                self.ordered += 1
        for part in reversed(self.parts):
            at -= 1
            with nogil:
                self.by_name(part, at * WORDS, descending and what < 0)
        with nogil:
            if what >= 0:
                self.by_number(what, descending)
            for i in range(self.ordered):
                self.sums[self.order[i].row].place = i
        return self.ordered

    cdef void by_name(self, GroupBy part, u32 at, bint descending) noexcept nogil:
        """By that part of the key: names by their rank, then addresses by family and number."""
        cdef u32 i
        cdef int step
        cdef const u64* words
        for step in range(4):
            for i in range(self.ordered):
                words = key_of(&self.keys, self.order[i].row) + at
                if step < 3:
                    self.order[i].key = words[1] if step == 0 else part.rank(words) if step == 1 else words[0]
                    if descending:
                        self.order[i].key = ~self.order[i].key
                elif self.order[i].row == OTHERS:
                    self.order[i].key = LAST
                elif words[2] == KIND_NONE:
                    self.order[i].key = LAST - 1
                else:
                    self.order[i].key = LAST - 2 - words[2] if descending else words[2]
            radix(&self.order, &self.spare, self.ordered)

    cdef void by_number(self, int what, bint descending) noexcept nogil:
        cdef u32 i
        cdef u64 value = 0
        for i in range(self.ordered):
            if self.order[i].row == OTHERS:
                self.order[i].key = LAST
            elif not measure(&self.sums[self.order[i].row], what, &value):
                self.order[i].key = LAST - 1
            else:
                self.order[i].key = LAST - 2 - value if descending else value
        radix(&self.order, &self.spare, self.ordered)

    def unfold(self, bint usually, exceptions: Iterable[int], sort: str | None,
               bint descending) -> Generator[bool, None, int]:
        """A generator, as Selection.steps: unfold all groups or none, but for those numbers; their flows in that order.
        Only the flows of unfolded groups stay in the selection. It returns the rows of the whole list."""
        cdef u8[::1] opened = bytearray([usually]) * (self.keys.n + 1)
        cdef Selection view = self.view
        cdef u32 i, kept = 0
        for i in exceptions:
            opened[i] = not usually
        with nogil:
            for i in range(view.matched):
                if opened[view.items[i].spare]:
                    view.items[kept] = view.items[i]
                    kept += 1
            view.matched = kept
        yield True
        yield from view.ordered(sort, descending)
        yield False
        self.lay_out(opened)
        return self.total

    def fold(self) -> int:
        """Fold all; no flow stays in the view. Rows of the list."""
        self.view.matched = 0
        self.lay_out(bytearray(self.keys.n + 1))
        return self.total

    def first(self, u32 n) -> list[int]:
        """The groups that come first in the order."""
        return [self.order[i].row for i in range(min(n, self.ordered))]

    def largest(self, u32 limit,
                str by="bytes") -> Generator[bool, None, list[tuple[tuple[GroupKey, ...], Record]]]:
        """A generator, as Selection.steps: add up what was selected. It returns (key, what is known of the group) of
        those that come first by one of SORTS, most first, without the others."""
        cdef u32 at
        yield from self.steps()
        self.sort(by, True)
        told = []
        groups = [group for group in self.first(limit) if group != OTHERS]
        for at in range(0, <u32>len(groups), TOLD):
            yield True
            told += [(self.key(group), self.sum(group) | self.about(group)) for group in groups[at:at + TOLD]]
        yield False
        return told

    cdef int lay_out(self, u8[::1] opened) except -1:
        """Where the rows of each group begin in the list, and its flows in the view."""
        cdef Selection view = self.view
        cdef u32 i
        free(self.starts)
        free(self.members)
        self.starts = <u64*>calloc(self.ordered + 1, sizeof(u64))
        self.members = <u32*>calloc(self.ordered + 1, sizeof(u32))
        if self.starts == NULL or self.members == NULL:
            raise MemoryError("no memory for groups")
        with nogil:
            for i in range(view.matched):
                view.items[i].key = self.sums[view.items[i].spare].place
            radix(&view.items, &view.other, view.matched)
            for i in range(self.ordered):
                self.members[i + 1] = self.members[i]
                if opened[self.order[i].row]:
                    self.members[i + 1] += self.sums[self.order[i].row].flows
                self.starts[i + 1] = i + 1 + self.members[i + 1]
            self.total = self.starts[self.ordered]
        return 0

    def page(self, u64 offset, u64 limit) -> list[tuple[int, int]]:
        """[(group, row of the flow or 0 for the group itself)] of a part of the list, without flows that are gone."""
        cdef u64 low = 0, high = self.ordered, middle
        cdef u64 at = min(offset, self.total), end = min(offset + limit, self.total)
        cdef u32 row
        found = []
        while low < high:
            middle = (low + high + 1) // 2
            if self.starts[middle] <= at:
                low = middle
            else:
                high = middle - 1
        while at < end:
            if at >= self.starts[low + 1]:
                low += 1
            elif at == self.starts[low]:
                found.append((self.order[low].row, 0))
                at += 1
            else:
                row = self.view.items[self.members[low] + at - self.starts[low] - 1].row
                if self.view.stands(row):
                    found.append((self.order[low].row, row))
                at += 1
        return found

    def place_of(self, u32 group) -> int:
        """The place of a group's own row in the list."""
        return self.starts[self.sums[group].place]

    # -------------------------------------------------------------------------------------------------- one of them

    @property
    def groups(self) -> int:
        """How many there are, without the others."""
        return self.keys.n

    @property
    def unplaced(self) -> int:
        """Flows of the others: for whose groups there was no room."""
        return self.sums[OTHERS].flows if self.cap else 0

    def narrow(self, u32 group) -> int:
        """Leave only the flows of one group in the selection, for another Aggregate to add_up(). How many."""
        cdef Selection view = self.view
        cdef u32 i, kept = 0
        with nogil:
            for i in range(view.matched):
                if view.items[i].spare == group:
                    view.items[kept] = view.items[i]
                    kept += 1
        view.matched = kept
        return kept

    def number(self, *shown: GroupKey) -> int | None:
        """The number of the group whose parts are shown so; None when there is none."""
        cdef u64 words[MAX_PARTS * WORDS]
        cdef GroupBy part
        cdef u32 found, at = 0
        if shown[0] == ("others", None):
            return OTHERS if self.sums[OTHERS].flows else None
        for part, (name, value) in zip(self.parts, shown):
            if not part.find(name, value, &words[at]):
                return None
            at += WORDS
        found = keys_find(&self.keys, words, keys_hash(words, self.keys.width))
        return found if found else None

    def key(self, u32 group) -> tuple[GroupKey, ...]:
        """The parts of a group's key, each as GroupBy.shown(); ("others", None) of the others."""
        cdef const u64* words = key_of(&self.keys, group)
        cdef GroupBy part
        if group == OTHERS:
            return (("others", None),)
        shown = []
        for part in self.parts:
            shown.append(part.shown(words))
            words += WORDS
        return tuple(shown)

    def sum(self, u32 group) -> dict:
        """What the flows of a group add up to; what none of them knows is left out. Rates in bytes per second."""
        cdef const Sum* s = &self.sums[group]
        found = {"flows": s.flows, "live": s.live, "first_ns": s.first, "bytes_out": s.bytes[0],
                 "bytes_in": s.bytes[1], "packets_out": s.packets[0], "packets_in": s.packets[1]}
        if s.own:
            found["bytes_own"] = s.own
        if s.live:
            found["rate_out"], found["rate_in"] = s.rate[0], s.rate[1]
        if s.timed:
            found["rtt_us"] = s.rtt_us // s.timed
        if s.tcp:
            found["retransmits"] = s.retransmits
        if self.count_remotes:
            found["remotes"] = s.remotes
        return found

    def about(self, u32 group) -> dict:
        """Which flow stands for a group, its `last_ns`, `app`: what it speaks, by bytes, and how many `apps`; with
        `health` that, at the end that sends what is out: round trips are means, None where none was measured."""
        cdef const Sum* s = &self.sums[group]
        cdef const Health* h
        app = (app_names()[s.app - SPOKEN_APP] if s.app >= SPOKEN_APP else proto_name(s.app)) if s.apps else None
        found = {"row": s.row, "last_ns": s.last, "app": app, "apps": s.apps}
        if self.healthy:
            h = &self.health[group]
            found |= {"tcp_packets": h.tcp_packets, "resent": h.resent, "resets": h.resets, "refused": h.refused,
                      "unanswered": h.unanswered, "zero_windows": h.zero_windows,
                      "ttls": (h.ttls[0], h.ttls[1]),
                      "rtt_answered_us": h.rtt_us[0] / h.rtt_n[0] if h.rtt_n[0] else None,
                      "rtt_begun_us": h.rtt_us[1] / h.rtt_n[1] if h.rtt_n[1] else None}
        return found
