"""Text from the wire made safe to show: valid UTF-8, no control characters, bounded.

Every proto file's describe() and record() passes what it read through here. It never raises on any bytes.
"""
import re

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
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


def clean(raw: bytes, limit: int = 1024) -> str:
    """At most `limit` characters of the bytes; what is not UTF-8 or not printable becomes U+FFFD."""
    cdef Py_ssize_t n = PyBytes_GET_SIZE(raw)
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


def add_text(obj: dict, key: str, raw: bytes | None, limit: int = 1024) -> None:
    """Put the cleaned text under the key, unless there is none."""
    if raw:
        obj[key] = clean(raw, limit)
