"""Fields of SNMP's messages: RFC 3416 section 3, RFC 3412 section 6."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Ber, Layout

VERSIONS = {0: "v1", 1: "v2c", 3: "v3"}
PDUS = {
    0: "get-request",
    1: "get-next-request",
    2: "get-response",
    3: "set-request",
    4: "trap (v1)",
    5: "get-bulk-request",
    6: "inform-request",
    7: "trap (v2)",
    8: "report",
}
ERRORS = {
    0: "noError",
    1: "tooBig",
    2: "noSuchName",
    3: "badValue",
    4: "readOnly",
    5: "genErr",
    6: "noAccess",
    16: "authorizationError",
    17: "notWritable",
}


def _pdu(place: str) -> dict[str, tuple[str, str, dict[int, str] | None]]:
    return {
        place: ("snmp.data", "PDU", PDUS),
        f"{place}.0": ("snmp.request_id", "Request", None),
        f"{place}.1": ("snmp.error_status", "Error", ERRORS),
        f"{place}.2": ("snmp.error_index", "Index", None),
        f"{place}.3.*.0": ("snmp.name", "Name", None),
        f"{place}.3.*.1": ("snmp.value", "Value", None),
    }


TREE = Layout(
    "snmp",
    "SNMP",
    (
        Ber(
            {
                "0": ("snmp.message", "Message", None),
                "0.0": ("snmp.version", "Version", VERSIONS),
                "0.1": ("snmp.community", "Community", None),
                **_pdu("0.2"),
                "0.1.0": ("snmp.msgID", "Message id", None),
                "0.1.1": ("snmp.msgMaxSize", "Largest message", None),
                "0.1.2": ("snmp.msgFlags", "Flags", None),
                "0.1.3": ("snmp.msgSecurityModel", "Security model", None),
                **_pdu("0.3.2"),
            }
        ),
    ),
    "{snmp.version} {snmp.data} {snmp.name}",
)
