"""Rows are handed to whoever keeps something beside them: once each, and again when they have changed."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.work cimport Work


cdef class RowFollower:
    """look() is called for rows; who overrides it keeps what it finds."""

    cdef bint wanted(self) except? True:
        """Has anybody asked for what it finds?"""
        return True

    cdef int look(self, const Flows* flows, u32 row, Work work) except -1:
        """Look at a row that is new, or changed."""
        raise NotImplementedError

    cdef int changed(self, const Flows* flows, const u32* rows, u32 n, Work work) except -1:
        """These rows have changed, or are other flows' by now."""
        cdef u32 k
        for k in range(n):
            if rows[k] <= self.seen:
                self.look(flows, rows[k], work)
        return 0

    cdef bint step(self, const Flows* flows, u32 high, Work work) except? True:
        """Look at rows up to `high` that were not looked at yet, as long as the slice lasts. True when all were."""
        while self.seen < high and work.goes_on():
            self.seen += 1
            self.look(flows, self.seen, work)
        return self.seen >= high
