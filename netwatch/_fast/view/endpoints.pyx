"""Ends are written, line by line, for a thousand rows at a time, and looked through as one text."""
from cpython.buffer cimport PyBUF_READ
from cpython.memoryview cimport PyMemoryView_FromMemory

from netwatch._fast.base.bytes cimport u32
from netwatch._fast.view.work cimport Work, COST_REGEX
from netwatch._fast.view.endpointtext cimport address_text_of, endpoint_text


cdef class EndpointAnswers(Answers):
    """Of rows: `regex` is found in one of their ends, which are written address:port, or the address alone. It holds
    for one question: rows change. Who makes it sets `profiles` and `flows`, which must live as long as it is asked."""

    def __init__(self, columns: tuple[int, ...], bint ports, regex: Regex):
        self.ports, self.regex = ports, regex
        self.n_columns = <int>min(len(columns), 2)
        for k in range(self.n_columns):
            self.columns[k] = columns[k]

    cdef void renew(self) noexcept:
        self.known = 0

    cdef bint step(self, Work work) except? True:
        cdef u32 last, row
        self.room(self.flows.high)
        while self.known < self.flows.high and work.goes_on():
            last = min(self.flows.high, self.known + ROWS)
            for row in range(self.known + 1, last + 1):
                self.bits[row >> 3] &= ~(1 << (row & 7))
            self.find(self.write(self.known + 1, last))
            work.left -= (last - self.known) * COST_REGEX // 2
            work.rows += last - self.known
            self.known = last
        return self.known == self.flows.high

    cdef u32 write(self, u32 first, u32 last) noexcept nogil:
        """The lines of these rows; how many."""
        cdef u32 row, n, count = 0, used = 0
        cdef int k
        for row in range(first, last + 1):
            for k in range(self.n_columns):
                n = (endpoint_text if self.ports else address_text_of)(self.flows, row, self.columns[k],
                                                                       self.lines + used)
                if n == 0:
                    continue
                self.row[count], self.starts[count] = row, used
                self.lines[used + n] = 10
                used += n + 1
                count += 1
        self.starts[count] = used
        return count

    cdef int find(self, u32 lines) except -1:
        cdef u32 k = 0
        cdef Py_ssize_t at
        if not self.regex.by_lines:
            for k in range(lines):
                if self.regex.found((self.lines + self.starts[k])[:self.starts[k + 1] - self.starts[k] - 1]):
                    self.yes(self.row[k])
            return 0
        text = PyMemoryView_FromMemory(self.lines, self.starts[lines], PyBUF_READ)
        while k < lines:
            at = self.regex.first_in(text, self.starts[k])
            if at < 0 or at >= self.starts[lines]:
                break
            while self.starts[k + 1] <= at:
                k += 1
            self.yes(self.row[k])
            k += 1
        return 0
