"""SASL exchanges (RFC 4422): the mechanism and the answers of the first login, and who that was.

Answers are kept as they stood on the wire. The describing half reads the user's name from them; the password only
where the mechanism sends it in clear, and then it is a secret.
"""
import base64
import binascii
import re

from netwatch._fast.base.bytes cimport u8, u32, i64, Slice, find_byte, slice_of
from netwatch._fast.look.protocol cimport Look, fact_add
from netwatch._fast.proto.common.lines cimport is_digit, is_letter, keep_once, smaller
from netwatch._fast.proto.common.facts import MASK
from netwatch._fast.proto.common.facts import described
from netwatch._fast.base.text import clean

cdef enum:
    MAX_ANSWERS = 2
    MAX_ANSWER = 512


cdef void sasl_begin(Look* look, Sasl* sasl, Slice mechanism, Slice initial) noexcept nogil:
    """The client asks for a mechanism, perhaps with its first answer at once."""
    sasl.on = True
    if sasl.kept:
        sasl.kept = MAX_ANSWERS         # a second try: the first stands
    keep_once(look, SASL_MECHANISM, mechanism)
    if initial.n and not (initial.n == 1 and initial.p[0] == c'='):
        sasl_answer(look, sasl, initial)


cdef bint answers_sasl(Sasl* sasl, Slice line) noexcept nogil:
    """Is the client's line an answer? What holds what base64 never does is a command: the server's words that ended the
    exchange were lost."""
    cdef u32 i
    cdef u8 c
    if sasl.on and not (line.n == 1 and line.p[0] == c'*'):
        for i in range(line.n):
            c = line.p[i]
            if not (is_letter(c) or is_digit(c) or c == c'+' or c == c'/' or c == c'='):
                sasl.on = False
                break
    return sasl.on


cdef void sasl_answer(Look* look, Sasl* sasl, Slice answer) noexcept nogil:
    """One answer of the client; `*` gives up (RFC 4954 section 4)."""
    if answer.n == 1 and answer.p[0] == c'*':
        sasl.on = False
    elif sasl.kept < MAX_ANSWERS and answer.n:
        sasl.kept += 1
        fact_add(look, SASL_ANSWER, answer.p, smaller(answer.n, MAX_ANSWER))


cdef Slice until(Slice* rest, u8 stop) noexcept nogil:
    """What stands before the byte, which may be missing; rest goes on after it."""
    cdef i64 at = find_byte(rest.p, rest.n, stop)
    cdef Slice part = slice_of(rest.p, rest.n if at < 0 else <u32>at)
    cdef u32 gone = part.n if at < 0 else part.n + 1
    rest[0] = slice_of(rest.p + gone, rest.n - gone)
    return part


cdef void sasl_raw(Look* look, Slice message) noexcept nogil:
    """A client's message as it is, not in base64: PLAIN (RFC 4616), or the first of SCRAM (RFC 5802 section 7)."""
    cdef Slice rest = message, part
    if message.n and (message.p[0] == c'n' or message.p[0] == c'y' or message.p[0] == c'p'):
        until(&rest, c',')
        until(&rest, c',')
        part = until(&rest, c',')
        if part.n > 2 and part.p[0] == c'n' and part.p[1] == c'=':
            keep_once(look, LOGIN_USER, slice_of(part.p + 2, part.n - 2))
        return
    if find_byte(message.p, message.n, 0) < 0:
        return
    until(&rest, 0)
    part = until(&rest, 0)
    keep_once(look, LOGIN_USER, part)
    keep_once(look, LOGIN_PASSWORD, rest)


_NAMED = re.compile(rb'(?:^|[,\x01])(?:n|user|username)="?([^,"\x01]+)')


def _plain(answer: bytes) -> bytes:
    try:
        return base64.b64decode(answer, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _ntlm_user(message: bytes) -> bytes:
    """UserName of an AUTHENTICATE_MESSAGE (MS-NLMP section 2.2.1.3), as UTF-8."""
    if message[:12] != b"NTLMSSP\0\3\0\0\0" or len(message) < 64:
        return b""
    size, at = int.from_bytes(message[36:38], "little"), int.from_bytes(message[40:44], "little")
    name = message[at:at + size]
    return name.decode("utf-16-le", "replace").encode() if message[60] & 1 else name


def user_and_password(mechanism: str, answers: list[bytes]) -> tuple[bytes, bytes]:
    """(user, password) as far as the answers tell, b"" for what they do not (RFC 4616, 2195, 5802, 2831)."""
    texts = [_plain(answer) for answer in answers]
    first = texts[0] if texts else b""
    if mechanism == "PLAIN":
        parts = first.split(b"\0")
        return (parts[1], parts[2]) if len(parts) == 3 else (b"", b"")
    if mechanism == "LOGIN":
        return first, texts[1] if len(texts) > 1 else b""
    if mechanism == "CRAM-MD5":
        return first.rpartition(b" ")[0], b""
    if mechanism == "NTLM":
        return max(map(_ntlm_user, texts), default=b""), b""
    found = _NAMED.search(first)
    return found.group(1) if found else b"", b""


def add_login(obj: dict, facts: Iterable[tuple[int, bytes]], show_secrets: bool) -> None:
    """Put `auth`, `user` and `password` into the object, as far as they are known."""
    mechanism = ""
    answers = []
    user = password = b""
    for key, value in facts:
        if key == SASL_MECHANISM:
            mechanism = clean(value, 64).upper()
        elif key == SASL_ANSWER:
            answers.append(value)
        elif key == LOGIN_USER:
            user = user or value
        elif key == LOGIN_PASSWORD:
            password = password or value
    if mechanism:
        obj["auth"] = mechanism
        if not user:
            user, password = user_and_password(mechanism, answers)
    if user:
        obj["user"] = clean(user, 256)
    if password:
        obj["password"] = clean(password, 256) if show_secrets else MASK


def login_describer(fields: tuple[tuple[str, int, int], ...]) -> Callable[..., Record]:
    """A describe() of the table of fields and of the login; `password` is masked unless secrets are to be shown."""
    def describe(facts, show_secrets: bool = False) -> dict:
        facts = list(facts)
        obj = described(facts, fields)
        add_login(obj, facts, show_secrets)
        return obj

    return describe
