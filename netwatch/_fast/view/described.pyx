"""Fields told by describing functions, for filters, orders and groups: a value is asked for once for each part."""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.conditions cimport Answers, Condition, TextAnswers
from netwatch._fast.view.profiles cimport Entry, Profiles, KEYS, KEY_APP, KEY_OTHER, RAW, place_of
from netwatch._fast.view.strings cimport (
    OVER, Text, strings_add, strings_clear, strings_close, strings_open)
from netwatch._fast.view.values cimport LISTED, Values, ids_room
from netwatch._fast.view.work cimport Work, COST_LOOK, COST_PYTHON, COST_ROW

cdef enum:
    MOST_PARTS = 4194304
    MOST_BYTES = 268435456
    MOST_ENTRIES = 2050


cdef class Parts:
    """The parts of profiles that consist of the facts at `places`, (protocol, key) each; with `whole` also the flow's
    app, and which protocols have said anything, in their order."""

    def __cinit__(self):
        strings_open(&self.parts, MOST_PARTS, MOST_BYTES)

    def __init__(self, Profiles profiles, places: Iterable[tuple[int, int]], bint whole=False):
        cdef u32 proto
        self.profiles = profiles
        memset(self.places, 0, KEYS)
        for proto, key in places:
            self.places[proto << 8 | <u32>key] = 1
        self.whole = whole

    def __dealloc__(self):
        strings_close(&self.parts)
        free(self.of_profile)

    cdef u32 part_of(self, const Entry* entries, u32 n) noexcept nogil:
        """The number of the part, 0 when there is nothing of the kind; what had no room is not known."""
        cdef u64 kept[MOST_ENTRIES]
        cdef u32 i, m = 0, place, last = 0
        for i in range(n):
            place = place_of(entries[i])
            if self.places[place]:
                if <u32>entries[i] == OVER:
                    return 0
                kept[m] = entries[i]
            elif self.whole and place & 255 == KEY_APP:
                kept[m] = entries[i]
                m += 1
                continue
            elif self.whole and place >> 8 != last:
                kept[m] = <u64>(place >> 8 << 8 | KEY_OTHER) << 32
            else:
                continue
            last = place >> 8
            m += 1
        if m == 0:
            return 0
        m = strings_add(&self.parts, <const u8*>kept, m * 8)
        return m if m != OVER else 0

    cdef bint step(self, Work work) except? True:
        """Take new profiles apart, as long as the slice lasts. True when all are."""
        cdef u32 n, all_profiles
        cdef const Entry* entries
        if self.generation != self.profiles.generation:
            self.generation, self.known = self.profiles.generation, 0
            strings_clear(&self.parts)
        all_profiles = self.profiles.profiles.n
        ids_room(&self.of_profile, &self.cap, all_profiles)
        with nogil:
            while self.known < all_profiles and work.goes_on():
                entries = self.profiles.entries(self.known + 1, &n)
                self.of_profile[self.known + 1] = self.part_of(entries, n)
                self.known += 1
                work.left -= COST_ROW + n
        return self.known == all_profiles

    cdef list facts(self, u32 part):
        """(protocol, key, text) of each fact of a part; of the entries that are none the text is None."""
        cdef const Text* text = &self.parts.items[part]
        cdef const Entry* entries = <const Entry*>text.p
        cdef const Text* said
        cdef u32 i, place
        found = []
        for i in range(text.n // 8):
            place = place_of(entries[i])
            if place & 255 == KEY_APP or place & 255 == KEY_OTHER:
                found.append((place >> 8, <int>(place & 255), None))
                continue
            said = &(self.profiles.raws if self.profiles.kinds[place] == RAW else self.profiles.texts).items[
                <u32>entries[i]]
            found.append((place >> 8, <int>(place & 255), said.p[:said.n]))
        return found


cdef class FieldValues(Values):
    """`value_of(facts)`: the values of the field, a tuple, from what Parts.facts() gives. `textual`: a single text is
    known by its number among all texts."""

    def __init__(self, Parts parts, value_of: Callable[[list[tuple[int, int, bytes | None]]], tuple[object, ...]],
                 bint textual):
        self.profiles, self.parts, self.value_of, self.textual = parts.profiles, parts, value_of, textual
        self.values, self.firsts, self.places = [], [], {}

    cdef u32 of_profile(self, u32 profile) noexcept nogil:
        cdef u32 part
        if profile > self.parts.known:
            return 0
        part = self.parts.of_profile[profile]
        return self.ids[part] if part <= self.known else 0

    cdef u32 number(self, tuple value) except? 0:
        """The number of a value, as in `ids`."""
        cdef bytes text
        cdef u32 number
        if not value:
            return 0
        if self.textual and len(value) == 1 and type(value[0]) is str:
            text = value[0].encode("utf-8", "replace")
            number = strings_add(&self.profiles.texts, text, <u32>len(text))
            return number if number != OVER else 0
        place = self.places.get(value)
        if place is None:
            place = self.places[value] = len(self.values)
            self.values.append(value)
        return LISTED | <u32>place

    cdef bint step(self, Work work) except? True:
        """Work out what is new, as long as the slice lasts. True when all is."""
        if not self.parts.step(work):
            return False
        if self.generation != self.parts.generation:
            self.generation, self.known = self.parts.generation, 0
            self.values, self.firsts, self.places = [], [], {}
        ids_room(&self.ids, &self.cap, self.parts.parts.n)
        while self.known < self.parts.parts.n and work.goes_on():
            self.ids[self.known + 1] = self.number(self.value_of(self.parts.facts(self.known + 1)))
            self.known += 1
            work.left -= COST_PYTHON
            work.calls += 1
        return self.known == self.parts.parts.n


cdef class FieldCondition(Condition):
    """The field has a value of which `check(value)` holds; `text` is the same for texts, where the test is one of
    texts. Without a check: that it has a value."""

    def __init__(self, FieldValues field, check: Callable[[object], bool] | None = None, TextAnswers text=None):
        self.field, self.check, self.text = field, check, text
        self.listed = bytearray()

    cdef void restart(self) noexcept:
        self.known = 0
        self.listed = bytearray()

    cdef bint ready(self, Work work) except? True:
        if not self.field.step(work) or (self.text is not None and not self.text.step(work)):
            return False
        while len(self.listed) < len(self.field.values) and work.goes_on():
            values = self.field.values[len(self.listed)]
            self.listed.append(self.check is None or any(map(self.check, values)))
            work.left -= COST_PYTHON // 4
            work.calls += 1
        self.passes, self.any_value = self.listed, self.check is None
        return len(self.listed) == len(self.field.values)

    cdef void mark(self, Answers answers, u32 end, Work work) noexcept nogil:
        cdef u32 value
        if self.field.parts.parts.n == 0:              # no flow says anything of the kind
            self.known = end
        work.left -= (end - self.known) * COST_LOOK
        while self.known < end:
            self.known += 1
            value = self.field.of_profile(self.known)
            if value == 0:
                continue
            if value & LISTED:
                if self.passes[value & ~LISTED]:
                    answers.yes(self.known)
            elif self.any_value or (self.text is not None and self.text.is_yes(value)):
                answers.yes(self.known)
