"""Names of addresses as answers on the wire gave them: a bounded memory, asked by who asked, what address, and when.

It is fed sightings (proto/sighting.pxd) and adorns flow records. What the flow says of itself, TLS's server name or
HTTP's Host, beats what was learnt beside it. The memory does not look at the clock: time is packet time.
"""
import time
from bisect import bisect_right, insort
from collections import OrderedDict

from netwatch._fast.bytes cimport u8, u32, u64
from netwatch._fast.packet cimport FAMILY_IP4, FAMILY_NONE
from netwatch._fast.proto.sighting cimport ADDRESS_BYTES, LINK_HEAD, NAMES_HEAD, VIA_DNS, VIA_LLMNR, VIA_PTR

from netwatch._fast.columns import address_text
from netwatch._fast.text import clean

VIAS = ("dns", "mdns", "llmnr", "netbios", "ptr")
SOURCES = ("arp", "ndp", "dhcp", "netbios")
ROLES = (None, "router", "dhcp-server")
FOLDED = (VIA_DNS, VIA_LLMNR, VIA_PTR)     # resolvers ask these in random letter case
MAX_AGE_NS = 4 * 3600 * 10**9              # an older answer names no new flow, whatever its TTL was
MAX_NAMES = 16                             # of one address, of one client
MAX_CLIENTS = 4096                         # of one address
MAX_TIMES = 256                            # that one answer came again
MAX_ANSWERS = 131072                       # in all
SECONDS = 4096                             # texts of seconds remembered
MAX_HOST = 255


cdef object text_of(u8 family, const u8* address):
    return address_text(address[:4] if family == FAMILY_IP4 else address[:16])


def name_sighting(bytes payload) -> tuple:
    """(via number, client or None, [addresses], name) of a "names" event."""
    cdef const u8* p = payload
    cdef u32 _i, n, at = NAMES_HEAD
    if len(payload) < NAMES_HEAD or len(payload) < NAMES_HEAD + p[1] * <u32>ADDRESS_BYTES:
        raise ValueError("a sighting cut short")
    n = p[1]
    found = []
    for _i in range(n):
        found.append(text_of(p[at], p + at + 1))
        at += ADDRESS_BYTES
    name = clean(payload[at:], MAX_HOST)
    return p[0], text_of(p[3], p + 4) if p[2] else None, found, name.lower() if p[0] in FOLDED else name


def link_sighting(bytes payload) -> tuple:
    """(source, role or None, address or None, MAC or None, name or "") of a "links" event."""
    cdef const u8* p = payload
    if len(payload) < LINK_HEAD:
        raise ValueError("a sighting cut short")
    address = text_of(p[3], p + 4) if p[3] != FAMILY_NONE else None
    mac = address_text(p[20:26]) if p[2] else None
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


cdef class Answer:
    """One name of an address, and when it was given."""
    cdef object before(self, u64 when):
        """The newest time not after `when`, if it is not too long ago; else None."""
        at = bisect_right(self.times, when)
        if at == 0:
            return None
        found = self.times[at - 1]
        return found if when - <u64>found <= <u64>MAX_AGE_NS else None


cdef class Known:
    """What is known of one address: by anybody's answers, and by each client's."""


cdef tuple newest(list answers, u64 when):
    """(time, Answer) of the newest forward name; a PTR name only where there is no other."""
    cdef Answer answer
    best = best_ptr = None
    for answer in answers:
        found = answer.before(when)
        if found is None:
            continue
        if answer.via == VIA_PTR:
            if best_ptr is None or found >= best_ptr[0]:
                best_ptr = (found, answer)
        elif best is None or found >= best[0]:
            best = (found, answer)
    return best or best_ptr


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
            self.add(when, via, client, address, name)

    def add(self, u64 when, u8 via, client, str address, str name) -> None:
        """The address has that name, as `client` was told; None: nobody asked for it."""
        cdef Known known = self.table.get(address)
        self.learnt += 1
        if known is None:
            known = self.table[address] = Known()
            known.anybody = []
        else:
            self.table.move_to_end(address)
        self.note(known, known.anybody, when, via, name)
        if client is not None:
            self.note(known, self.of_client(known, client), when, via, name)
        while self.held > self.bound and len(self.table) > 1:
            self.forget((<Known>self.table.popitem(last=False)[1]).held)

    cdef list of_client(self, Known known, str client):
        if known.clients is None:
            known.clients = OrderedDict()
        answers = known.clients.get(client)
        if answers is None:
            answers = known.clients[client] = []
            if len(known.clients) > MAX_CLIENTS:
                gone = len(known.clients.popitem(last=False)[1])
                known.held -= gone
                self.forget(gone)
        else:
            known.clients.move_to_end(client)
        return answers

    cdef void forget(self, u32 n):
        self.held -= n
        self.forgotten += n

    cdef void note(self, Known known, list answers, u64 when, u8 via, str name):
        """The newest answer goes to the end of the list; the one longest not given makes room."""
        cdef Answer answer
        cdef Py_ssize_t i
        for i in range(len(answers) - 1, -1, -1):
            answer = answers[i]
            if answer.via == via and answer.host == name:
                insort(answer.times, when)
                if len(answer.times) > MAX_TIMES:
                    del answer.times[0]
                if i != len(answers) - 1:
                    answers.append(answers.pop(i))
                return
        answer = Answer()
        answer.host, answer.via, answer.times = name, via, [when]
        answers.append(answer)
        known.held += 1
        self.held += 1
        if len(answers) > MAX_NAMES:
            del answers[0]
            known.held -= 1
            self.forget(1)

    def find(self, str client, str address, when):
        """(name, via, age in ns) for a flow of the client's to the address that began at `when`: the newest answer
        given to the client until then, else the newest given to anybody. None when there is none of the last hours."""
        return self.look(client, address, when)

    cdef tuple look(self, str client, str address, when):
        cdef Known known = self.table.get(address)
        cdef Answer answer
        cdef u64 at
        if known is None:
            return None
        at = nanoseconds(when) if isinstance(when, str) else when
        found = None
        if known.clients is not None:
            answers = known.clients.get(client)
            if answers is not None:
                found = newest(answers, at)
        if found is None or (<Answer>found[1]).via == VIA_PTR:
            found = newest(known.anybody, at) or found
        if found is None:
            return None
        answer = found[1]
        return answer.host, VIAS[answer.via], at - <u64>found[0]
