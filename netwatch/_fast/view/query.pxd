"""The flows of an engine as something to ask: their columns, and what is kept from one question to the next."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.rates cimport Pace
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.view.columns cimport CodeColumn, Flows
from netwatch._fast.view.conditions cimport Answers, TextAnswers
from netwatch._fast.view.order cimport Item, TextRanks
from netwatch._fast.view.profiles cimport Profiles
from netwatch._fast.view.values cimport Values
from netwatch._fast.view.work cimport Work

cdef class FlowView:
    cdef Flows flows
    cdef object owner      # of the rows, which live as long as it does
    cdef u64 number        # of the view, among all there were
    cdef u64 newest        # key of the newest flow there is
    cdef CodeColumn profile_codes
    cdef readonly Profiles profiles
    cdef readonly Work work
    cdef public bint pending   # a filter's texts are being looked through: its answer will take a while
    cdef TextRanks ranks
    cdef dict tables       # field -> {code: value}
    cdef dict attached     # field -> (index, RowCodes)
    cdef dict plain        # field -> {(protocol, key): PLACE_ bits}
    cdef dict described    # field -> (name of its parts, value_of, textual)
    cdef dict parts        # name -> (places, whole), then Parts
    cdef object answers    # what conditions were answered, newest last
    cdef dict values       # field -> Values
    cdef dict ranks_of     # code columns -> their table, its stamp, ranks by code, values by rank
    cdef list followers
    cdef Item* spare[2]    # buffers of the last selection, for the next
    cdef u32 spare_cap

    cdef int bind(self, Row* rows, Cold* colds, const Pace* paces, TcpRow* tcps, u32 high, u32 most,
                  u64 newest) except -1
    cdef Values values_of(self, str field)
    cdef TextAnswers text_answers(self, tuple test)
    cdef Answers kept(self, key, make)
