"""Values of fields by profile: base of all, and the first text of a plain field."""
from array import array

from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32
from netwatch._fast.view.conditions cimport PLACE_EMPTY
from netwatch._fast.view.profiles cimport Entry, Profiles, KEYS, place_of
from netwatch._fast.view.strings cimport OVER, strings_add
from netwatch._fast.view.work cimport Work, COST_LOOK, COST_PYTHON


cdef int ids_room(u32** ids, u32* cap, u32 n) except -1:
    cdef u32 room
    cdef u32* wider
    if n < cap[0]:
        return 0
    room = max(<u32>1024, n + n // 2 + 1)
    wider = <u32*>realloc(ids[0], room * sizeof(u32))
    if wider == NULL:
        raise MemoryError("no memory for the values of a field")
    ids[0], cap[0] = wider, room
    wider[0] = 0
    return 0


cdef class Values:
    """step() until it says True, then of_profile()."""

    def __dealloc__(self):
        free(self.ids)

    cdef bint step(self, Work work) except? True:
        """Work out what is new, as long as the slice lasts. True when all is."""
        raise NotImplementedError

    cdef bint name_texts(self, Work work) except? True:
        """Number the texts that listed values begin with, as long as the slice lasts. True when all are."""
        cdef bytes text
        cdef u32 number
        while len(self.firsts) < len(self.values) and work.goes_on():
            first = self.values[len(self.firsts)][0]
            number = 0
            if isinstance(first, str):
                text = first.encode("utf-8", "replace")
                number = strings_add(&self.profiles.texts, text, <u32>len(text))
            self.firsts.append(number if number != OVER else 0)
            work.left -= COST_PYTHON // 4
            work.calls += 1
        return len(self.firsts) == len(self.values)

    def codes(self) -> tuple[array[int], list[object]]:
        """(what the field says first, by profile: the number of a text, or LISTED + place among what is no text, 0
        nothing; that, in order). After name_texts()."""
        cdef u32[::1] found, listed
        cdef u32 k, value
        others = sorted({each[0] for each in self.values if not isinstance(each[0], str)})
        places = {other: LISTED | <u32>place for place, other in enumerate(others)}
        listed = array("I", [places.get(each[0], text) for each, text in zip(self.values, self.firsts)] or [0])
        found = array("I", bytes(4 * (self.profiles.profiles.n + 1)))
        with nogil:
            for k in range(1, <u32>found.shape[0]):
                value = self.of_profile(k)
                found[k] = listed[value & ~LISTED] if value & LISTED else value
        return found.base, others

    cdef u32 of_profile(self, u32 profile) noexcept nogil:
        """What the field says in a profile, as in `ids`."""
        return self.ids[profile] if profile <= self.known else 0


cdef class FirstTexts(Values):
    """The first of the facts at `places`, {(protocol, key): PLACE_ bits}."""

    def __init__(self, Profiles profiles, dict places):
        self.profiles, self.values, self.firsts = profiles, [], []
        memset(self.places, 0, KEYS)
        for (proto, key), how in places.items():
            self.places[<u32>proto << 8 | <u32>key] = how

    cdef bint step(self, Work work) except? True:
        cdef u32 i, n, all_profiles = self.profiles.profiles.n
        cdef const Entry* entries
        if self.generation != self.profiles.generation:
            self.generation, self.known = self.profiles.generation, 0
        ids_room(&self.ids, &self.cap, all_profiles)
        with nogil:
            while self.known < all_profiles and work.goes_on():
                entries = self.profiles.entries(self.known + 1, &n)
                self.ids[self.known + 1] = 0
                for i in range(n):
                    if self.places[place_of(entries[i])]:
                        if <u32>entries[i] != OVER and (self.places[place_of(entries[i])] & PLACE_EMPTY or
                                                        self.profiles.texts.items[<u32>entries[i]].n):
                            self.ids[self.known + 1] = <u32>entries[i]
                        break
                self.known += 1
                work.left -= COST_LOOK * n + COST_LOOK
        return self.known == all_profiles
