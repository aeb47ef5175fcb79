"""What HTTP/2 facts say, and those of the transactions of HTTP/3."""
from netwatch._fast.proto.http2.facts cimport (HTTP2_AGENT, HTTP2_COUNT, HTTP2_GOAWAY, HTTP2_HOST, HTTP2_LATENCY,
                                               HTTP2_METHOD, HTTP2_METHODS, HTTP2_PATH, HTTP2_SERVER, HTTP2_STATUS,
                                               HTTP2_STATUSES, HTTP2_TYPE)
from netwatch._fast.proto.common.facts import LIST, NUMBER, TEXT, described, fact_fields, words
from netwatch._fast.proto.http.text import mask_url

_ERRORS = ("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
           "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
           "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")                     # section 7
FIELDS = (("method", HTTP2_METHOD, TEXT), ("host", HTTP2_HOST, TEXT), ("path", HTTP2_PATH, TEXT),
          ("status", HTTP2_STATUS, TEXT), ("user_agent", HTTP2_AGENT, TEXT), ("content_type", HTTP2_TYPE, TEXT),
          ("server", HTTP2_SERVER, TEXT), ("transactions", HTTP2_COUNT, NUMBER),
          ("methods", HTTP2_METHODS, LIST), ("statuses", HTTP2_STATUSES, LIST), ("latency_us", HTTP2_LATENCY, NUMBER))
NO_TEXTS = ("status", "statuses", "path")
FACT_FIELDS = fact_fields("http2", FIELDS, without=NO_TEXTS)
FACT_NUMBERS = {"http2.transactions": (HTTP2_COUNT, 1), "http2.latency_us": (HTTP2_LATENCY, 1000)}
DEPENDS = {"http2.status": (HTTP2_STATUS,), "http2.statuses": (HTTP2_STATUSES,), "http2.path": (HTTP2_PATH,),
           "http2.goaway": (HTTP2_GOAWAY,),
           "label": (HTTP2_METHOD, HTTP2_HOST, HTTP2_PATH)}


def transactions(facts: Iterable[tuple[int, bytes]], show_secrets: bool) -> dict:
    """What is said of the transactions of HTTP/2 and HTTP/3."""
    obj = described(facts, FIELDS)
    if not show_secrets and "path" in obj:
        obj["path"] = mask_url(obj["path"])
    status = obj.pop("status", "")
    if status.isdigit():
        obj["status"] = int(status)
    statuses = [int(each) for each in obj.pop("statuses", ()) if each.isdigit()]
    if statuses:
        obj["statuses"] = statuses
    if "latency_us" in obj:
        obj["latency_us"] //= 1000
    return obj


def describe(facts, show_secrets: bool = False) -> dict:
    """The `http2` object: the first transaction, what is said of all, why the connection was given up."""
    obj = transactions(facts, show_secrets)
    for key, value in facts:
        if key == HTTP2_GOAWAY:
            code = int.from_bytes(value, "big")
            obj["goaway"] = _ERRORS[code] if code < len(_ERRORS) else f"error {code}"
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "HTTP/2 GET www.example.com/path"."""
    return words("HTTP/2", obj.get("method"), obj.get("host", "") + obj.get("path", ""))
