"""What is shown of the records of a kind: columns, how each is come by, and how they stand in a JSON object."""
from json import dumps

from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.values cimport follow, put_json_object
from netwatch._fast.out.writing cimport Buf, check, put_bytes

from netwatch._fast.out import flowfields, packetfields

cdef dict GETTERS = {"flow": flowfields.BY_NAME, "packet": packetfields.BY_NAME}
cdef dict IN_ORDER = {"flow": flowfields.FIELDS, "packet": packetfields.FIELDS}


cdef class Shown:
    """What is shown of the records of a kind: `columns` (records/columns.py) in order, or (None) all that they have.
    `nested`: members of objects stand in these, as in whole records, and not under dotted names."""

    def __init__(self, str kind, columns: Sequence[object] | None, bint nested=True):
        cdef u32 i
        getters = GETTERS.get(kind, {})
        self.kind = kind
        self.whole = columns is None
        asked = [(name, (name,), ()) for name, _ in IN_ORDER.get(kind, ())] if columns is None \
            else [(column.name, column.own, column.flow) for column in columns]
        self.names = [name for name, _, _ in asked]
        self.n = len(self.names)
        self.codes = <int*>calloc(self.n + 1, sizeof(int))
        self.coded = <u32*>calloc(self.n + 1, sizeof(u32))
        self.spans = <Span*>calloc(self.n + 1, sizeof(Span))
        self.words = self.n // 64 + 1
        self.filled = <u64*>calloc(self.words, sizeof(u64))
        self.ever = <u64*>calloc(self.words, sizeof(u64))
        if (self.codes == NULL or self.coded == NULL or self.spans == NULL or self.filled == NULL or
                self.ever == NULL):
            raise MemoryError("no memory for fields")
        self.lists, self.texts = [None] * self.n, [b""] * self.n
        self.begin = f'{{"schema":"netwatch.{kind}/1"'.encode()
        self.heads = [head_of(name) for name in self.names]
        self.ways = [[(getters.get(path, 0), tuple(path.split("."))) for path in own] for _, own, _ in asked]
        self.theirs = [[tuple(path.split(".")) for path in flow] for _, _, flow in asked]
        self.by_top, self.slow = {}, []
        for i in range(self.n):
            if len(self.ways[i]) != 1 or self.theirs[i]:
                self.slow.append(i)
            elif self.ways[i][0][0]:
                self.codes[i] = self.ways[i][0][0]
                self.coded[self.n_coded] = i
                self.n_coded += 1
            else:
                path = self.ways[i][0][1]
                members, others = self.by_top.setdefault(path[0], ({}, []))
                if len(path) == 2:
                    members[path[1]] = (*members.get(path[1], ()), i)
                else:
                    others.append((i, path))
        flat = packetfields.FURTHER_BY_NAME if kind == "packet" else {}
        self.members = members_of(asked, getters, flat) if nested and not self.whole else list(range(self.n))
        self.plan = <Member*>calloc(len(self.members) + 1, sizeof(Member))
        if self.plan == NULL:
            raise MemoryError("no memory for fields")
        for k, member in enumerate(self.members):
            self.plan[<u32>k].column = -1
            if not isinstance(member, tuple):
                i = member
                self.plan[<u32>k] = Member(member, self.codes[i], <bytes>self.heads[i], len(self.heads[i]))

    def __dealloc__(self):
        free(self.plan)
        free(self.codes)
        free(self.coded)
        free(self.spans)
        free(self.filled)
        free(self.ever)

    cdef void empty(self) noexcept:
        """No cell is there."""
        memset(self.filled, 0, self.words * sizeof(u64))

    cdef bint has(self, u32 i) noexcept:
        """Is a cell of the column there?"""
        return self.filled[i >> 6] >> (i & 63) & 1

    def occurred(self) -> list[int]:
        """The columns that packed lines had cells of, in order."""
        cdef u32 i
        return [i for i in range(self.n) if self.ever[i >> 6] >> (i & 63) & 1]


cdef class Filler:
    cdef int fill_all(self, Shown shown, dict record) except -1:
        cdef u32 i
        cdef tuple path
        for top, value in record.items():
            asked = shown.by_top.get(top)
            if asked is not None:
                members, others = <tuple>asked
                if members:
                    self.fill_members(value, members)
                for i, path in <list>others:
                    if len(path) < 3 or not isinstance(value, dict) or path[1] in <dict>value:
                        self.fill_one(i, follow(record, path))
        return 0

    cdef int fill_one(self, u32 i, object value) except -1:
        raise NotImplementedError

    cdef int fill_members(self, object value, dict columns) except -1:
        """An object's members, {name: (column,)}."""
        cdef u32 i
        cdef str name, whole
        if not isinstance(value, dict):
            for name, places in columns.items():
                for i in <tuple>places:
                    self.fill_one(i, follow(value, (name,)))
            return 0
        for name, item in (<dict>value).items():
            found = columns.get(name)
            if found is not None:
                for i in <tuple>found:
                    self.fill_one(i, item)
            if is_outward(name):       # of a pair; see follow()
                whole = name[:-4]
                if whole in columns and whole not in <dict>value:
                    for i in <tuple>columns[whole]:
                        self.fill_one(i, follow(value, (whole,)))
        return 0


cdef inline bint is_outward(str name):
    cdef Py_ssize_t n = len(name)
    return n > 4 and name[n - 1] == u't' and name[n - 4:] == "_out"


cdef int put_list(Buf* b, Shown shown, u32 i, list things) except -1:
    """A row's list as JSON. Rows share theirs: most often it is the one before."""
    cdef u64 began = b.n
    cdef bytes text
    if shown.lists[i] is things:
        text = shown.texts[i]
        put_bytes(b, <const u8*>text, len(text))
        return 0
    put_json_object(b, things)
    check(b)
    shown.lists[i], shown.texts[i] = things, (<const char*>b.mem + began)[:b.n - began]
    return 0


cdef bytes head_of(str name):
    """`,"name":`"""
    return b"," + dumps(name, ensure_ascii=False).encode(errors="replace") + b":"


cdef list members_of(list asked, dict getters, dict flat):
    """The members of a JSON object: names with dots that stand in objects there are put into these again, but for
    `flat` ones."""
    found, trees = [], {}
    tops = {name for name, _, _ in asked if "." not in name}
    for i, (name, own, flow) in enumerate(asked):
        top, dot, _ = name.partition(".")
        if not dot or name in flat or name not in own + flow:
            found.append(i)
        elif top not in tops:
            place = top, name in flow
            if place not in trees:
                trees[place] = {}
                found.append((head_of(top), 0 if place[1] else getters.get(top, 0), place[1], top, trees[place]))
            plant(trees[place], name.split(".")[1:])
    return found


cdef int plant(dict tree, list parts) except -1:
    """Add a path to a tree of what is shown; None stands for all of an object."""
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
        if tree is None:
            return 0
    tree[parts[len(parts) - 1]] = None
    return 0


cdef object picked(object value, object tree):
    """What of an object is in the tree; None when nothing is."""
    if tree is None:
        return value
    if isinstance(value, dict):
        found = {key: part for key, below in tree.items() if (part := picked(value.get(key), below)) is not None}
    elif isinstance(value, list):
        found = [part for item in value if (part := picked(item, tree)) is not None]
    else:
        return None
    return found or None


def parts_of(dict record, paths: Iterable[str]) -> Record:
    """What of a record is at these dotted paths, in the objects and lists that it stands in."""
    cdef dict tree = {}
    found = {}
    for path in paths:
        if path in record:
            found[path] = record[path]
        else:
            plant(tree, path.split("."))
    return {**found, **(picked(record, tree) or {})}
