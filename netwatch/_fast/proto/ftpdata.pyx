"""FTP's data connections (RFC 959, RFC 2428): what was asked for, as the control connection told.

No byte of theirs says what they are, and a file may look like any protocol. So nothing is detected here: the control
connection announces them (PORT, PASV, EPRT, EPSV).
"""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport EV_CHUNK, Look, Proto, ON_TCP, PARSE_DONE, PARSE_OK, reads, wants
from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.facts import words


cdef int ftp_data_detect(Look* look, Slice data) noexcept nogil:
    return 0


cdef int ftp_data_agrees(Look* look, Slice data) noexcept nogil:
    """Whatever its bytes look like: the control connection said what they are."""
    return 1


cdef int ftp_data_parse(Look* look, Slice data) noexcept nogil:
    """Nothing of it is learnt; it is read on while somebody follows streams."""
    look.used = data.n
    return PARSE_OK if wants(look, EV_CHUNK) else PARSE_DONE


cdef void ftp_data_define(Proto* p) noexcept nogil:
    reads(p, "ftp-data", ON_TCP, ftp_data_detect, ftp_data_parse)
    p.agrees = ftp_data_agrees


# --- describing ---

FACT_FIELDS: dict = {}


def describe(facts) -> dict:
    """The `ftp-data` object: the command, and the file or folder it named."""
    for key, value in facts:
        if key == FTP_DATA_TRANSFER:
            command, _, file = clean(value, 256).partition(" ")
            return {"command": command.upper()} | ({"file": file} if file else {})
    return {}


def label(obj: dict) -> str:
    """One line for the flow: "FTP RETR report.pdf"."""
    return words("FTP", obj.get("command", "data"), obj.get("file"))
