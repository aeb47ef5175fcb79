"""Answers to conditions, kept while texts and profiles grow: who asks again pays for what is new alone."""
from cpython.memoryview cimport PyMemoryView_FromMemory
from cpython.buffer cimport PyBUF_READ
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.profiles cimport Entry, Profiles, KEYS, place_of
from netwatch._fast.view.strings cimport Text, OVER, strings_add, strings_close, strings_find, strings_open
from netwatch._fast.view.work cimport Work, COST_LOOK, COST_REGEX, COST_TEXT

cdef enum:
    PIECE = 2048               # texts that a regular expression is looked for in at once
    DENSE = 8                  # found in one of so many, they are better looked at one by one
    MANY_WORDS = 65536


cdef class Answers:
    """Bits of numbers from 1 on."""

    def __dealloc__(self):
        free(self.bits)

    cdef int room(self, u32 n) except -1:
        """Room for numbers up to n."""
        cdef u32 cap
        cdef u8* bits
        if n < self.cap:
            return 0
        cap = max(8192, n + n // 2 + 8) // 8 * 8
        bits = <u8*>realloc(self.bits, cap // 8)
        if bits == NULL:
            raise MemoryError("no memory for the answers of a filter")
        memset(bits + self.cap // 8, 0, (cap - self.cap) // 8)
        self.bits, self.cap = bits, cap
        return 0

    cdef inline void yes(self, u32 number) noexcept nogil:
        self.bits[number >> 3] |= <u8>(1 << (number & 7))

    cdef inline bint is_yes(self, u32 number) noexcept nogil:
        return number <= self.known and self.bits[number >> 3] >> (number & 7) & 1

    cdef void renew(self) noexcept:
        """A new question begins."""

    cdef u64 era(self) noexcept:
        """The generation of the numbers that are asked about."""
        return self.profiles.generation

    cdef void fresh(self) noexcept:
        """Forget the answers for numbers that mean something else by now."""
        if self.generation != self.era():
            self.generation, self.known = self.era(), 0
            if self.bits != NULL:
                memset(self.bits, 0, self.cap // 8)

    cdef bint step(self, Work work) except? True:
        """Answer for what is new, as long as the slice lasts. True when all is answered."""
        raise NotImplementedError


cdef inline u8 lower(u8 c) noexcept nogil:
    return c + 32 if 65 <= c <= 90 else c


cdef bint contains(const u8* p, u32 n, const u8* part, u32 m) noexcept nogil:
    """The part, in lower case, is in the text."""
    cdef u32 i, k
    if m > n:
        return False
    for i in range(n - m + 1):
        k = 0
        while k < m and lower(p[i + k]) == part[k]:
            k += 1
        if k == m:
            return True
    return False


cdef class TextAnswers(Answers):
    """Of texts: they contain `part`, are one of `words` (both in lower case, A to Z), or `regex` is found in them."""

    def __init__(self, Profiles profiles, part: bytes | None = None, words: Iterable[bytes] = (),
                 regex: Regex | None = None):
        self.profiles, self.part, self.regex = profiles, part, regex
        strings_open(&self.words, MANY_WORDS, MANY_WORDS * 64)
        for word in words:
            strings_add(&self.words, word, <u32>len(<bytes>word))

    def __dealloc__(self):
        strings_close(&self.words)

    cdef u64 era(self) noexcept:
        return self.profiles.texts_generation

    cdef bint step(self, Work work) except? True:
        cdef u32 all_texts, end
        self.fresh()
        all_texts = self.profiles.texts.n
        self.room(all_texts)
        while self.known < all_texts and work.goes_on():
            end = min(all_texts, self.known + PIECE)
            work.texts += end - self.known
            work.left -= <i64>(end - self.known) * (COST_REGEX if self.regex is not None else COST_TEXT)
            if self.regex is not None:
                self.find_regex(end)
            elif self.part is not None:
                self.find_part(end, self.part, <u32>len(self.part))
            else:
                self.find_words(end)
            self.known = end
        return self.known == all_texts

    cdef void find_part(self, u32 end, const u8* part, u32 n) noexcept nogil:
        cdef const Text* text
        cdef u32 i
        for i in range(self.known + 1, end + 1):
            text = &self.profiles.texts.items[i]
            if contains(text.p, text.n, part, n):
                self.yes(i)

    cdef void find_words(self, u32 end) noexcept nogil:
        cdef u8 folded[LOOKED_AT]
        cdef const Text* text
        cdef u32 i, k
        for i in range(self.known + 1, end + 1):
            text = &self.profiles.texts.items[i]
            if text.n > LOOKED_AT:
                continue
            for k in range(text.n):
                folded[k] = lower(text.p[k])
            if strings_find(&self.words, folded, text.n):
                self.yes(i)

    cdef int find_regex(self, u32 end) except -1:
        """In a piece as a whole where it is rare, else in each text."""
        cdef const Text* items = self.profiles.texts.items
        cdef u32 i = self.known + 1, found = 0, last
        while i <= end:
            last = i
            if self.regex.by_lines and not self.dense:
                while last < end and items[last + 1].p == items[last].p + items[last].n + 1:
                    last += 1
                found += self.find_in_lines(i, last)
            elif self.regex.found(items[i].p[:items[i].n]):
                self.yes(i)
                found += 1
            i = last + 1
        self.dense = found * DENSE > end - self.known
        return 0

    cdef u32 find_in_lines(self, u32 first, u32 last) except? 0xFFFFFFFF:
        """In texts that lie one behind the other; how many it is found in."""
        cdef const Text* items = self.profiles.texts.items
        cdef const u8* base = items[first].p
        cdef Py_ssize_t size = items[last].p + items[last].n + 1 - base, at = 0
        cdef u32 i = first, found = 0
        lines = PyMemoryView_FromMemory(<char*>base, size, PyBUF_READ)
        while i <= last:
            at = self.regex.first_in(lines, items[i].p - base)
            if at < 0 or at >= size:
                break
            while items[i].p + items[i].n < base + at:
                i += 1
            self.yes(i)
            found += 1
            i += 1
        return found


cdef class ProfileAnswers(Answers):
    """Of profiles: one of the conditions holds. They share the bits, however many fields a search looks at."""

    def __init__(self, Profiles profiles, conditions: list[Condition]):
        self.profiles, self.conditions = profiles, conditions

    cdef bint step(self, Work work) except? True:
        cdef Condition condition
        cdef u32 all_profiles = self.profiles.profiles.n
        if self.generation != self.era():
            for condition in self.conditions:
                condition.restart()
        self.fresh()
        self.room(all_profiles)
        for condition in self.conditions:
            if not condition.ready(work):
                return False
            with nogil:
                while condition.known < all_profiles and work.goes_on():
                    condition.mark(self, min(all_profiles, condition.known + PIECE), work)
            if condition.known < all_profiles:
                return False
        self.known = all_profiles
        return True


cdef class Condition:
    """A condition on profiles: ready() until it says True, then mark()."""

    cdef void restart(self) noexcept:
        """The numbers of profiles mean something else from now on."""
        self.known = 0

    cdef bint ready(self, Work work) except? True:
        """Bring what it stands on up to date, as long as the slice lasts. True when it is."""
        raise NotImplementedError

    cdef void mark(self, Answers answers, u32 end, Work work) noexcept nogil:
        """Say yes to those of the profiles known + 1 .. end of which it holds."""
        self.known = end


cdef class PlaceCondition(Condition):
    """One of the facts `places` has a value, of which `text` says yes. `places`: {(protocol, key): PLACE_ bits}."""

    def __init__(self, Profiles profiles, dict places, TextAnswers text=None):
        self.profiles, self.text = profiles, text
        memset(self.places, 0, KEYS)
        for (proto, key), how in places.items():
            self.places[<u32>proto << 8 | <u32>key] = how

    cdef bint ready(self, Work work) except? True:
        return self.text is None or self.text.step(work)

    cdef void mark(self, Answers answers, u32 end, Work work) noexcept nogil:
        cdef const Entry* entries
        cdef u32 n
        while self.known < end:
            self.known += 1
            entries = self.profiles.entries(self.known, &n)
            work.left -= COST_LOOK * n + COST_LOOK
            if self.holds(entries, n):
                answers.yes(self.known)

    cdef bint holds(self, const Entry* entries, u32 n) noexcept nogil:
        cdef u32 i, k, place
        cdef bint first
        for i in range(n):
            place = place_of(entries[i])
            if not self.places[place] or <u32>entries[i] == OVER or (
                    self.profiles.texts.items[<u32>entries[i]].n == 0 and not self.places[place] & PLACE_EMPTY):
                continue
            first = True
            if self.places[place] & PLACE_FIRST:
                for k in range(i):
                    first = first and place_of(entries[k]) != place
            if first and (self.text is None or self.text.is_yes(<u32>entries[i])):
                return True
        return False
