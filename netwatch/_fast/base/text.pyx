"""Text from the wire made safe to show: valid UTF-8, no control characters, bounded.

Every proto file's describe() and record() passes what it read through here. It never raises on any bytes.
"""
import re

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.unicode cimport PyUnicode_DecodeASCII

# C0, DEL, C1, line and paragraph separators, and the marks that turn the reading direction (they can disguise text).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HOST = re.compile(r"[A-Za-z0-9_*]([A-Za-z0-9_.\-]*[A-Za-z0-9_])?\.?|\[?[0-9A-Fa-f:.]+\]?")


cdef bint is_plain(const char* p, Py_ssize_t n) noexcept nogil:
    """Printable ASCII only, which most text is."""
    cdef Py_ssize_t i
    for i in range(n):
        if p[i] < c' ' or p[i] > c'~':
            return False
    return True


cpdef str clean(bytes raw, Py_ssize_t limit=1024):
    """At most `limit` characters of the bytes; what is not UTF-8 or not printable becomes U+FFFD."""
    cdef Py_ssize_t n = len(raw)
    if n <= limit and is_plain(PyBytes_AS_STRING(raw), n):
        return PyUnicode_DecodeASCII(PyBytes_AS_STRING(raw), n, NULL)
    if len(raw) > limit * 4:
        raw = raw[:limit * 4]
    text = raw.decode("utf-8", "replace")
    if not (text.isascii() and text.isprintable()):
        text = _UNSAFE.sub("\ufffd", text)
    return text[:limit]


def is_host(text: str) -> bool:
    """Could be a host name or an address (RFC 1123 section 2.1, underscores allowed as seen in practice)."""
    return 0 < len(text) <= 255 and _HOST.fullmatch(text) is not None


cpdef int add_text(dict obj, str key, bytes raw, Py_ssize_t limit=1024) except -1:
    """Put the cleaned text under the key, unless there is none."""
    if raw:
        obj[key] = clean(raw, limit)
    return 0
