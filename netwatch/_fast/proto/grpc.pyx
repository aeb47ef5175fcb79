"""gRPC over HTTP/2 (grpc project, PROTOCOL-HTTP2): a name and fields, no bytes of its own on the wire.

It is known by the content-type of a request, which is compressed: netwatch/decrypt/http2.py sees it and stores the
facts that are described here. `messages` of its content are counted where somebody follows streams.
"""
from libc.string cimport memset

from netwatch._fast.look.protocol cimport Proto
from netwatch._fast.proto.common.facts import LIST, TEXT, described, fact_fields, words

KEY_SERVICE, KEY_METHOD, KEY_STATUS, KEY_MESSAGE = 1, 2, 3, 4
_STATUS = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
           "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
           "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")
_FIELDS = (("service", KEY_SERVICE, TEXT), ("methods", KEY_METHOD, LIST), ("status", KEY_STATUS, LIST),
           ("message", KEY_MESSAGE, TEXT))
FACT_FIELDS = fact_fields("grpc", _FIELDS)


cdef void grpc_define(Proto* p) noexcept nogil:
    memset(p, 0, sizeof(Proto))
    p.name = "grpc"


def status_name(code: str) -> str:
    """The name of a grpc-status, or the number itself where it has none."""
    return _STATUS[int(code)] if code.isdigit() and int(code) < len(_STATUS) else code


def describe(facts, show_secrets: bool = False) -> dict:
    """The `grpc` object."""
    return described(facts, _FIELDS)


def label(obj: dict) -> str:
    """One line for the flow: "gRPC routeguide.RouteGuide/GetFeature"."""
    methods = obj.get("methods", [""])
    return words("gRPC", obj.get("service", "") + (f"/{methods[0]}" if methods[0] else ""))
