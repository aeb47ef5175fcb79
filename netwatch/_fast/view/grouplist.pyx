"""Groups of flows in order, and the flows of those that are unfolded: the list of a screen, of which it gets a part."""
from libc.stdlib cimport calloc, free

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.groups cimport Group, Groups, KIND_ADDRESS, KIND_NONE, OTHERS
from netwatch._fast.view.order cimport Item, radix
from netwatch._fast.view.selection cimport Selection

cdef u64 LAST = 0xFFFFFFFFFFFFFFFF

SORTS = ("flows", "bytes", "bytes_out", "bytes_in", "packets", "packets_out", "packets_in", "rate", "rate_out",
         "rate_in", "rtt_us", "retransmits", "first", "remotes")


cdef bint measure(const Group* g, int what, u64* out) noexcept nogil:
    """The number SORTS[what] of a group; False when it has none."""
    if what == 0:
        out[0] = g.flows
    elif what == 1:
        out[0] = g.bytes[0] + g.bytes[1]
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
        out[0] = g.rtt
        return g.rtt != 0
    elif what == 11:
        out[0] = g.retransmits
        return g.tcp != 0
    elif what == 12:
        out[0] = g.first
    else:
        out[0] = g.remotes
    return g.live != 0 if 7 <= what <= 9 else True


cdef class GroupList(Groups):
    """Made as Groups is. After gather(): sort(), unfold(), and then page()."""
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
        cdef u32 i
        free(self.order)
        free(self.spare)
        self.order = <Item*>calloc(self.n, sizeof(Item))
        self.spare = <Item*>calloc(self.n, sizeof(Item))
        if self.order == NULL or self.spare == NULL:
            raise MemoryError("no memory for groups")
        with nogil:
            self.ordered = 0
            for i in range(0 if self.groups[OTHERS].flows else 1, self.n):
                self.order[self.ordered].row = i
                self.ordered += 1
            self.by_name(descending and what < 0)
            if what >= 0:
                self.by_number(what, descending)
            for i in range(self.ordered):
                self.groups[self.order[i].row].place = i
        return self.ordered

    cdef void by_name(self, bint descending) noexcept nogil:
        """Names by their rank, then addresses by family and number."""
        cdef u32 i
        cdef int part
        cdef u64 key
        cdef const Group* g
        for part in range(3):
            for i in range(self.ordered):
                g = &self.groups[self.order[i].row]
                key = g.lo if part == 0 else g.hi if part == 1 else g.kind
                if part == 2 and (g.kind == KIND_NONE or self.order[i].row == OTHERS):
                    key = LAST - 1 if self.order[i].row else LAST
                elif descending:
                    key = (<u64>KIND_ADDRESS << 8) - key if part == 2 else ~key
                self.order[i].key = key
            radix(&self.order, &self.spare, self.ordered)

    cdef void by_number(self, int what, bint descending) noexcept nogil:
        cdef u32 i
        cdef u64 value = 0
        for i in range(self.ordered):
            if self.order[i].row == OTHERS:
                self.order[i].key = LAST
            elif not measure(&self.groups[self.order[i].row], what, &value):
                self.order[i].key = LAST - 1
            else:
                self.order[i].key = LAST - 2 - value if descending else value
        radix(&self.order, &self.spare, self.ordered)

    def unfold(self, bint usually, exceptions: Iterable[int], sort: str | None, bint descending) -> int:
        """Unfold all groups or none, but for those numbers; their flows in that order. Rows of the whole list.
        Only the flows of unfolded groups stay in the view."""
        cdef u8[::1] opened = bytearray([usually]) * self.n
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
        for _ in view.ordered(sort, descending):
            pass
        self.lay_out(opened)
        return self.total

    def fold(self) -> int:
        """Fold all; no flow stays in the view. Rows of the list."""
        self.view.matched = 0
        self.lay_out(bytearray(self.n))
        return self.total

    def first(self, u32 n) -> list[int]:
        """The groups that come first in the order."""
        return [self.order[i].row for i in range(min(n, self.ordered))]

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
                view.items[i].key = self.groups[view.items[i].spare].place
            radix(&view.items, &view.other, view.matched)
            for i in range(self.ordered):
                self.members[i + 1] = self.members[i]
                if opened[self.order[i].row]:
                    self.members[i + 1] += self.groups[self.order[i].row].flows
                self.starts[i + 1] = i + 1 + self.members[i + 1]
            self.total = self.starts[self.ordered]
        return 0

    def page(self, u64 offset, u64 limit) -> list[tuple[int, int]]:
        """[(group, row of the flow or 0 for the group itself)] of a part of the list."""
        cdef u64 low = 0, high = self.ordered, middle
        cdef u64 at = min(offset, self.total), end = min(offset + limit, self.total)
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
                found.append((self.order[low].row, self.view.items[self.members[low] + at - self.starts[low] - 1].row))
                at += 1
        return found

    def place_of(self, u32 group) -> int:
        """The place of a group's own row in the list."""
        return self.starts[self.groups[group].place]
