"""FlowView: which field of the schema is which column, and the answers that are kept for the next question.

A field of a flow is one of five things: a number or an address of the row, a code that indexes a table, a text that a
service keeps by row, a fact that is shown as it is stored (plain), or one that only a describing function can tell
(described). Plain and described fields are answered by profile.
"""
from array import array
from collections import OrderedDict

from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32, u64, i64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.view.attached cimport RowCodes
from netwatch._fast.view.columns cimport COL_ATTACHED, MAX_ATTACHED, Flows
from netwatch._fast.view.conditions cimport (
    Answers, PlaceCondition, ProfileAnswers, TextAnswers, PLACE_EMPTY, PLACE_FIRST, PLACE_WANTED)
from netwatch._fast.view.described cimport FieldCondition, FieldValues, Parts
from netwatch._fast.view.endpoints cimport EndpointAnswers
from netwatch._fast.view.follower cimport RowFollower
from netwatch._fast.view.order cimport TextRanks
from netwatch._fast.view.profiles cimport Profiles
from netwatch._fast.view.values cimport FirstTexts, Values
from netwatch._fast.view.work cimport Work, COST_ROW
from netwatch._fast.view import columns as names

cdef enum:
    KEPT_ANSWERS = 64          # conditions whose answers are kept, the newest

PROFILE_COLUMN: int = COL_ATTACHED
cdef u64 views = 0


cdef class FlowView:
    """Whoever owns the rows calls bind(); the rows must hold still while a method runs, and between the slices of a
    question they may change."""

    def __cinit__(self):
        global views
        views += 1
        self.number = views
        memset(&self.flows, 0, sizeof(Flows))
        self.profiles, self.work = Profiles(), Work()
        self.ranks = TextRanks(self.profiles)
        self.tables = dict(names.OWN_TABLES)
        self.attached, self.plain, self.described, self.parts, self.values = {}, {}, {}, {}, {}
        self.answers, self.followers, self.ranks_of = OrderedDict(), [], {}
        memset(&self.profile_codes, 0, sizeof(self.profile_codes))
        self.flows.attached[0] = &self.profile_codes

    def __dealloc__(self):
        free(self.spare[0])
        free(self.spare[1])

    cdef int bind(self, Row* rows, Cold* colds, const Pace* paces, TcpRow* tcps, u32 high, u32 most,
                  u64 newest) except -1:
        """Says where the rows are: `high` of them in use, never more than `most`, and where they lie now they stay."""
        self.flows.rows, self.flows.colds, self.flows.paces, self.flows.tcps = rows, colds, paces, tcps
        self.flows.high, self.newest = high, newest
        self.profiles.room(most + 1)
        self.profile_codes.codes, self.profile_codes.n = self.profiles.of_row, self.profiles.rows
        return 0

    def newest_is(self, u64 key) -> None:
        """Flows of a greater key have begun since; whoever asks now does not see them."""
        self.newest = key

    # -------------------------------------------------------------------------------------------- what a field is

    def set_table(self, str field, values: Mapping[int, object]) -> None:
        """What the codes of a code column mean, {code: value of the record}. The mapping may grow; see generation."""
        if field not in names.CODES:
            raise ValueError(f"{field} is no code column")
        self.tables[field] = values

    def attach(self, str field, RowCodes codes, values: Mapping[int, object] | None = None) -> None:
        """A column of a service. `values`: {code: value}; None: the codes are numbers of texts, or it has numbers."""
        index = self.attached[field][0] if field in self.attached else len(self.attached) + 1
        if index >= MAX_ATTACHED:
            raise ValueError("too many attached columns")
        self.flows.attached[index] = &codes.column
        self.attached[field] = (index, codes)
        if values is not None:
            self.tables[field] = values

    def add_plain(self, str field, int proto, int key, int limit, bint first, bint empty=False):
        """The field is text that is stored under the key of that protocol's number, and shown so, cut to `limit`
        characters; `first`: of several values the first alone counts; `empty`: an empty text is a value."""
        self.profiles.declare_text(proto, key, limit)
        self.plain.setdefault(field, {})[proto, key] = PLACE_WANTED | first * PLACE_FIRST | empty * PLACE_EMPTY

    def places_of(self, fields: Mapping[str, str]) -> dict[tuple[int, int], str]:
        """The places of plain fields, {(protocol, key): what `fields` has for the field}; from now on they are kept."""
        found = {place: value for field, value in fields.items() for place in self.plain.get(field, ())}
        self.profiles.want(found)
        return found

    def add_parts(self, str name, places: Iterable[tuple[int, int]], bint whole) -> None:
        """Facts, (protocol, key) each, that described fields depend on; `whole` as in Parts."""
        self.parts[name] = (tuple(places), whole)

    def add_described(self, str field, str parts,
                      value_of: Callable[[list[tuple[int, int, bytes | None]]], tuple[object, ...]],
                      bint textual) -> None:
        """The field's values follow from those parts, as FieldValues has it."""
        self.described[field] = (parts, value_of, textual)

    def columns(self) -> dict[str, tuple[str, int, Mapping[int, object] | None]]:
        """Field → (kind, column, table of a code): "number", "address", "code", "text" (numbers of texts), "plain" and
        "described" (numbers of profiles). What compile_native builds upon."""
        found = {field: ("number", col, None) for field, col in (*names.NUMBERS.items(), *names.FACT_NUMBERS.items())}
        found.update((field, ("address", col, None)) for field, col in names.ADDRESSES.items())
        found.update((field, ("number", col, None)) for field, col in names.SEEN_FROM_HERE.items())
        found.update((field, ("address", col, None)) for field, col in names.ENDS_FROM_HERE.items())
        found.update((field, ("plain", COL_ATTACHED, None)) for field in self.plain)
        found.update((field, ("described", COL_ATTACHED, None)) for field in self.described)
        for field, (index, codes) in self.attached.items():
            found[field] = ("number" if (<RowCodes>codes).numbers else "text", COL_ATTACHED + index, None)
        for field, values in self.tables.items():
            col = COL_ATTACHED + self.attached[field][0] if field in self.attached else names.CODES[field]
            found[field] = ("code", col, values)
        return found

    def generation(self) -> tuple[object, ...]:
        """Changes whenever a program made for this view has to be made again."""
        return (self.number, len(self.described), len(self.plain),
                tuple((field, id(values), len(values)) for field, values in self.tables.items()))

    def ranked(self, fields: tuple[str, ...]) -> tuple[array[int], list[object]]:
        """Of a code column, or several fields of one: ranks by code, and the values by rank, from 1 on. A value is
        what the field says as text; of several fields it is all of them, the others as they are, -1 for none."""
        table = self.tables[fields[0]]
        more = [self.tables[field] for field in fields[1:]]
        stamp = len(table), next(reversed(table), None)
        known = self.ranks_of.get(fields)
        if known is None or known[0] is not table or known[1] != stamp:
            values = {code: (str(value), *(other.get(code, -1) for other in more)) if more else str(value)
                      for code, value in table.items()}
            ordered = sorted(set(values.values()))
            rank_of = {value: rank for rank, value in enumerate(ordered, 1)}
            ranks = array("I", bytes(4 * (max(values, default=0) + 1)))
            for code, value in values.items():
                ranks[code] = rank_of[value]
            known = self.ranks_of[fields] = table, stamp, ranks, [None, *ordered]
        return known[2:]

    def text(self, u32 number) -> str:
        """The text of a number."""
        if not 0 < number <= self.profiles.texts.n:
            raise IndexError(number)
        return self.profiles.texts.items[number].p[:self.profiles.texts.items[number].n].decode("utf-8", "replace")

    # ------------------------------------------------------------------------------------------- answers and values

    cdef TextAnswers text_answers(self, tuple test):
        """Answers to ("part", bytes), ("words", frozenset) or ("regex", Regex)."""
        return <TextAnswers>self.kept(("text", test), lambda: TextAnswers(self.profiles, **{test[0]: test[1]}))

    def on_texts(self, test: tuple[str, object]) -> TextAnswers:
        """Answers to a test of texts, by number of a text: "part", "words" or "regex", and what it is."""
        return self.text_answers(test)

    def on_profiles(self, plain: frozenset[str], described: dict[str, Callable[[object], bool] | None],
                    test: Hashable | None, text: tuple[str, object] | None) -> ProfileAnswers:
        """Answers, by profile, to whether one of these plain fields, or of the described ones, {field: check}, has a
        value that passes a test: `check` holds of it; `text` is the same for texts, as on_texts() knows it, None where
        it is no test of texts. `test` None: has a value at all."""
        def make():
            conditions = [FieldCondition(self.values_of(field), check, self.text_answers(text) if text else None)
                          for field, check in described.items()]
            if plain:
                places = {place: how for field in plain for place, how in self.plain[field].items()}
                self.profiles.want(places)
                conditions.append(PlaceCondition(self.profiles, places, self.text_answers(text) if text else None))
            return ProfileAnswers(self.profiles, conditions)
        return self.kept(("profiles", plain, frozenset(described), test), make)

    def on_endpoints(self, columns: tuple[int, ...], bint ports, regex: Regex) -> EndpointAnswers:
        """Answers, by row, to whether a regular expression is found in an end, with its port or without."""
        return self.kept(("endpoints", columns, ports, regex), lambda: self.make_endpoints(columns, ports, regex))

    def make_endpoints(self, columns: tuple[int, ...], bint ports, regex: Regex) -> EndpointAnswers:
        """Answers that on_endpoints() keeps."""
        cdef EndpointAnswers made = EndpointAnswers(columns, ports, regex)
        made.profiles, made.flows = self.profiles, &self.flows
        return made

    cdef Answers kept(self, key, make):
        found = self.answers.get(key)
        if found is None:
            found = make()
            if len(self.answers) >= KEPT_ANSWERS:
                self.answers.popitem(last=False)
        self.answers[key] = found
        self.answers.move_to_end(key)
        return found

    cdef Values values_of(self, str field):
        """What a plain or described field says by profile; from now on that is kept."""
        if field in self.values:
            return self.values[field]
        if field in self.plain:
            self.profiles.want(self.plain[field])
            found = FirstTexts(self.profiles, self.plain[field])
        else:
            name, value_of, textual = self.described[field]
            if not isinstance(self.parts[name], Parts):
                places, whole = self.parts[name]
                self.profiles.want(places)
                self.parts[name] = Parts(self.profiles, places, whole)
            found = FieldValues(self.parts[name], value_of, textual)
        self.values[field] = found
        return found

    # ----------------------------------------------------------------------------------------------- asking

    def follow(self, RowFollower follower):
        """From now on it is handed the rows that are new or have changed."""
        self.followers.append(follower)

    def catch_up(self) -> Iterator[bool]:
        """A generator: bring what is kept of flows up to date, slice by slice (see Selection.steps)."""
        self.profiles.tidy(self.flows.high)
        while not self.go_on():
            yield True
            self.work.begin()

    def go_on(self) -> bool:
        """Bring what is kept of flows up to date for as long as the slice lasts. True when all is."""
        cdef RowFollower follower
        cdef Profiles profiles = self.profiles
        cdef bint done = False
        cdef u32 budget
        while not done and self.work.goes_on():
            budget = <u32>(self.work.left // COST_ROW + 1)
            with nogil:
                done = profiles.step(&self.flows, budget)
            self.work.rows += profiles.n_latest
            self.work.left -= <i64>profiles.n_latest * COST_ROW
            for follower in self.followers:
                follower.changed(&self.flows, profiles.latest, profiles.n_latest, self.work)
        for follower in self.followers if done else ():
            if follower.wanted() and not follower.step(&self.flows, profiles.seen, self.work):
                return False
        return done
