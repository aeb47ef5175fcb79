"""HTTP/3 (RFC 9114): a name and fields, no bytes of its own in the clear.

netwatch/decrypt/http3.py reads it out of decrypted QUIC and stores the facts that are described here; their keys and
meaning are those of HTTP/2.
"""
from libc.string cimport memset

from netwatch._fast.look.protocol cimport Proto, TRAIT_STREAMS
from netwatch._fast.proto.common.facts import fact_fields, words
from netwatch._fast.proto.http2.text import FIELDS, NO_TEXTS, transactions

FACT_FIELDS = fact_fields("http3", FIELDS, without=NO_TEXTS)


cdef void http3_define(Proto* p) noexcept nogil:
    memset(p, 0, sizeof(Proto))
    p.name = "http3"
    p.traits = TRAIT_STREAMS


def describe(facts, show_secrets: bool = False) -> dict:
    """The `http3` object: the first transaction, and what is said of all."""
    return transactions(facts, show_secrets)


def label(obj: dict) -> str:
    """One line for the flow: "HTTP/3 GET www.example.com/path"."""
    return words("HTTP/3", obj.get("method"), obj.get("host", "") + obj.get("path", ""))
