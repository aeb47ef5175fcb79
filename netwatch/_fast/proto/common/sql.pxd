"""What the database protocols share: what begins as statements do; statements, pairs and texts that end in NUL."""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, left, slice_of, take
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.common.lines cimport FACT_TEXT, all_text, is_letter, keep_each, same_word, smaller

cdef enum:
    MAX_QUERIES = 16           # different statements kept of a flow
    WORD_MOST = 8              # letters of the longest word below


cdef inline bint begins_statement(const u8* p, u32 n) noexcept nogil:
    """A whole word that begins statements of SQL or CQL, then a blank. The words stand padded to WORD_MOST."""
    cdef const char* words = (
        b"select  insert  update  delete  set     show    use     begin   start   commit  rollbackcreate  alter   "
        b"drop    truncatereplace call    with    explain describedesc    grant   revoke  lock    load    prepare "
        b"execute declare fetch   copy    vacuum  analyze listen  notify  discard do      merge   values  ")
    cdef u32 k = 0, i = 0
    while k < n and k <= WORD_MOST and is_letter(p[k]):
        k += 1
    if k < 2 or k > WORD_MOST or k == n or (p[k] != c' ' and p[k] != c'\n' and p[k] != c'\t' and p[k] != c';'):
        return False
    while words[i]:
        if same_word(p, words + i, k) and (k == WORD_MOST or words[i + k] == c' '):
            return True
        i += WORD_MOST
    return False


cdef inline void keep_query(Look* look, u8 key, Slice text) noexcept nogil:
    """A statement, among the different ones; one that begins with no text is left out."""
    if text.n and (is_letter(text.p[0]) or all_text(text.p, 1)):
        keep_each(look, key, text, MAX_QUERIES)


cdef inline Slice until_nul(Slice s) noexcept nogil:
    """What stands before the first NUL; all of it where there is none."""
    cdef u32 i = 0
    while i < s.n and s.p[i]:
        i += 1
    return slice_of(s.p, i)


cdef inline void keep_pair(Look* look, u8 key, Slice name, u8 between, Slice value, u32 most) noexcept nogil:
    """Two texts as one, with a character between, among the different ones; empty or too long they are left out."""
    cdef u8 text[FACT_TEXT]
    if name.n == 0 or value.n == 0 or name.n + value.n >= FACT_TEXT:
        return
    memcpy(text, name.p, name.n)
    text[name.n] = between
    memcpy(text + name.n + 1, value.p, value.n)
    keep_each(look, key, slice_of(text, name.n + 1 + value.n), most)


cdef inline Slice take_text(Reader* r) noexcept nogil:
    """Up to a NUL, which is passed; to the end where there is none."""
    cdef Slice s = until_nul(slice_of(r.p, <u32>left(r)))
    take(r, smaller(s.n + 1, <u32>left(r)))
    return s
