"""Names of addresses as answers on the wire gave them: a bounded memory, asked by who asked, what address, and when.

It is fed sightings (flow/sighting.pxd) and adorns flow records. What the flow says of itself, TLS's server name or
HTTP's Host, beats what was learnt beside it. The memory does not look at the clock: time is packet time.
"""
import time
from collections import OrderedDict

cimport cython
from libc.stdlib cimport free, realloc
from libc.string cimport memmove

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.writing cimport address_text
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_MAC, FAMILY_NONE
from netwatch._fast.flow.sighting cimport ADDRESS_BYTES, LINK_HEAD, NAMES_HEAD, VIA_DNS, VIA_LLMNR, VIA_PTR

from netwatch._fast.base.text import clean

cdef extern from "<arpa/inet.h>":
    int inet_pton(int family, const char* text, void* out) nogil
    int AF_INET
    int AF_INET6

cdef enum:
    MAX_NAMES = 16             # of one address, of one client
    MAX_CLIENTS = 4096         # of one address
    MAX_TIMES = 256            # that one answer came again

cdef u64 MAX_AGE = 4ULL * 3600 * 1000000000    # ns; an older answer names no new flow, whatever its TTL was
LIMITS = {"age_ns": MAX_AGE, "names": MAX_NAMES, "clients": MAX_CLIENTS, "times": MAX_TIMES}
VIAS = ("dns", "mdns", "llmnr", "netbios", "ptr")
SOURCES = ("arp", "ndp", "dhcp", "netbios")
ROLES = (None, "router", "dhcp-server")
FOLDED = (VIA_DNS, VIA_LLMNR, VIA_PTR)     # resolvers ask these in random letter case
MAX_ANSWERS = 131072                       # in all
SECONDS = 4096                            # texts of seconds remembered
MAX_HOST = 255


cdef bytes packed(u8 family, const u8* address):
    return address[:4] if family == FAMILY_IP4 else address[:16]


cdef object text_of(u8 family, const u8* address):
    return address_text(address, family)


cdef bytes packed_text(str address):
    """The bytes of an address in text; what is none stands for itself."""
    cdef u8 raw[16]
    octets = address.encode("ascii", "replace")
    if inet_pton(AF_INET, octets, raw) == 1:
        return (<char*>raw)[:4]
    return (<char*>raw)[:16] if inet_pton(AF_INET6, octets, raw) == 1 else octets


def name_sighting(bytes payload) -> tuple[int, bytes | None, list[bytes], str]:
    """(via number, client or None, [addresses], name) of a "names" event; addresses are packed."""
    cdef const u8* p = payload
    cdef u32 _i, n, at = NAMES_HEAD
    if len(payload) < NAMES_HEAD or len(payload) < NAMES_HEAD + p[1] * <u32>ADDRESS_BYTES:
        raise ValueError("a sighting cut short")
    n = p[1]
    found = []
    for _i in range(n):
        found.append(packed(p[at], p + at + 1))
        at += ADDRESS_BYTES
    name = clean(payload[at:], MAX_HOST)
    return p[0], packed(p[3], p + 4) if p[2] else None, found, name.lower() if p[0] in FOLDED else name


def link_sighting(bytes payload) -> tuple[str, str | None, str | None, str | None, str]:
    """(source, role or None, address or None, MAC or None, name or "") of a "links" event."""
    cdef const u8* p = payload
    if len(payload) < LINK_HEAD:
        raise ValueError("a sighting cut short")
    address = text_of(p[3], p + 4) if p[3] != FAMILY_NONE else None
    mac = address_text(p + 20, FAMILY_MAC) if p[2] else None
    return SOURCES[p[0]], ROLES[p[1]], address, mac, clean(payload[LINK_HEAD:].rstrip(b"\0"), MAX_HOST)


cdef dict seconds_known = {}


cpdef u64 nanoseconds(str iso) except? 0:
    """ns since 1970 of a record's time, as record.iso writes it."""
    second = iso[:19]
    known = seconds_known.get(second)
    if known is None:
        if len(seconds_known) >= SECONDS:
            seconds_known.clear()
        import calendar

        known = calendar.timegm(time.strptime(second, "%Y-%m-%dT%H:%M:%S")) * 10**9
        seconds_known[second] = known
    return <u64>known + <u64>int(iso[20:29])


@cython.no_gc
cdef class Answer:
    """One name of an address, and when it was given. No cycle can pass through it, and there are many: the collector
    need not look at them."""

    def __dealloc__(self):
        free(self.times)

    cdef int give(self, u64 when) except -1:
        """It was given once more; beyond MAX_TIMES the oldest time is dropped."""
        cdef u32 i = self.n
        cdef u64* more
        if self.n == MAX_TIMES:
            memmove(self.times, self.times + 1, (self.n - 1) * sizeof(u64))
            i = self.n - 1
        elif self.n == self.room:
            more = <u64*>realloc(self.times, max(<u32>2, 2 * self.room) * sizeof(u64))
            if more == NULL:
                raise MemoryError("no memory for a name")
            self.times, self.room = more, max(<u32>2, 2 * self.room)
        self.n = i + 1
        while i and self.times[i - 1] > when:
            self.times[i] = self.times[i - 1]
            i -= 1
        self.times[i] = when
        return 0

    cdef u64 before(self, u64 when):
        """The newest time not after `when`, if it is not too long ago; else 0."""
        cdef u32 low = 0, high = self.n, middle
        while low < high:
            middle = (low + high) // 2
            if self.times[middle] <= when:
                low = middle + 1
            else:
                high = middle
        return self.times[low - 1] if low and when - self.times[low - 1] <= MAX_AGE else 0

    cdef Answer copy(self):
        """This answer and all behind it, once more."""
        cdef Answer other = answer_new(self.host, self.via)
        cdef u32 i
        for i in range(self.n):
            other.give(self.times[i])
        if self.behind is not None:
            other.behind = self.behind.copy()
        return other


cdef Answer answer_new(str host, u8 via):
    cdef Answer answer = Answer.__new__(Answer)
    answer.host, answer.via = host, via
    return answer


cdef u32 length(Answer answer):
    cdef u32 n = 0
    while answer is not None:
        n += 1
        answer = answer.behind
    return n


@cython.no_gc
cdef class Known:
    """What is known of one address: by anybody's answers, and, once two have asked, by each client's."""


cdef Answer newest(Answer answer, u64 when, u64* at):
    """The newest forward name; a PTR name only where there is no other. None, or its time in `at`."""
    cdef Answer best = None
    cdef bint forward = False, better
    cdef u64 found
    while answer is not None:
        found = answer.before(when)
        if found:
            better = (answer.via != VIA_PTR) > forward
            if best is None or better or ((answer.via != VIA_PTR) == forward and found > at[0]):
                best, at[0], forward = answer, found, answer.via != VIA_PTR
        answer = answer.behind
    return best


cdef class NameTable:
    """Answers by address. Results depend on what was learnt, in its order, and on nothing else."""

    def __init__(self, u32 bound=MAX_ANSWERS):
        self.table = OrderedDict()
        self.bound = bound

    def __len__(self):
        return len(self.table)

    def learn(self, u64 when, bytes payload) -> None:
        """Remember a "names" event of that time, ns."""
        via, client, addresses, name = name_sighting(payload)
        for address in addresses:
            self.put(when, via, client, address, name)

    def add(self, u64 when, u8 via, client: str | None, str address, str name) -> None:
        """The address has that name, as `client` was told; None: nobody asked for it. Both as text."""
        self.put(when, via, packed_text(client) if client is not None else None, packed_text(address), name)

    cdef int put(self, u64 when, u8 via, bytes client, bytes address, str name) except -1:
        cdef Known known = self.table.get(address)
        self.learnt += 1
        if known is None:
            known = self.table[address] = Known.__new__(Known)
            known.sole = client
        else:
            self.table.move_to_end(address)
            if known.clients is None and client != known.sole:
                known.clients = {}
                if known.sole is not None:
                    known.clients[known.sole] = known.anybody.copy()
                    self.hold(known, length(known.anybody))
        known.anybody = self.note(known, known.anybody, when, via, name)
        if known.clients is not None and client is not None:
            known.clients[client] = self.note(known, known.clients.pop(client, None), when, via, name)
            if len(known.clients) > MAX_CLIENTS:
                self.drop(known, length(known.clients.pop(next(iter(known.clients)))))
        while self.held > self.bound and len(self.table) > 1:
            known = self.table.popitem(last=False)[1]
            self.drop(known, known.held)
        return 0

    cdef void hold(self, Known known, u32 n):
        known.held += n
        self.held += n

    cdef void drop(self, Known known, u32 n):
        known.held -= n
        self.held -= n
        self.forgotten += n

    cdef Answer note(self, Known known, Answer head, u64 when, u8 via, str name):
        """The chain with this answer in front; the one longest not given makes room."""
        cdef Answer answer = head, before = None
        cdef u32 n = 0
        while answer is not None and not (answer.via == via and answer.host == name):
            n += 1
            if n == MAX_NAMES:
                before.behind = None
                self.drop(known, 1)
                answer = None
                break
            before, answer = answer, answer.behind
        if answer is None:
            answer = answer_new(name, via)
            self.hold(known, 1)
        elif before is not None:
            before.behind = answer.behind
        answer.give(when)
        if answer is not head:
            answer.behind = head
        return answer

    def find(self, str client, str address, when: int) -> tuple[str, str, int] | None:
        """(name, via, age in ns) for a flow of the client's to the address that began at `when`: the newest answer
        given to the client until then, else the newest given to anybody. None when there is none of the last hours."""
        return self.look(client, address, when)

    cdef tuple look(self, str client, str address, when):
        cdef u64 at = 0, began = nanoseconds(when) if isinstance(when, str) else when
        cdef Answer found = self.of(packed_text(client), packed_text(address), began, &at)
        return (found.host, VIAS[found.via], began - at) if found is not None else None

    cdef Answer of(self, bytes client, bytes address, u64 began, u64* at):
        """The answer that names a flow; when it was given in `at`."""
        cdef Known known = self.table.get(address)
        cdef Answer own = None, other
        cdef u64 other_at = 0
        if known is None:
            return None
        if known.clients is not None:
            own = newest(known.clients.get(client), began, at)
        elif client == known.sole:
            own = newest(known.anybody, began, at)
        if own is None or own.via == VIA_PTR:
            other = newest(known.anybody, began, &other_at)
            if other is not None and (own is None or other.via != VIA_PTR):
                own, at[0] = other, other_at
        return own
