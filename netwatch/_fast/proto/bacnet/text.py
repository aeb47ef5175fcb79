"""What the facts of wire.pyx say: the describing half of BACnet, and its names (ASHRAE 135, clause 21)."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import by_key, first, listed, micros, named, number, text
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
(FUNCTION, SERVICE, DEVICE, VENDOR, OBJECT, WRITTEN, NAME, NETWORK, ERROR, REJECT, MESSAGE, LATENCY) = range(1, 13)

FACT_FIELDS: dict[str, Plain] = {}
FUNCTIONS = {0: "result", 1: "write broadcast table", 2: "read broadcast table", 3: "broadcast table",
             4: "forwarded", 5: "register foreign device", 6: "read foreign devices", 7: "foreign devices",
             8: "delete foreign device", 9: "distribute broadcast", 10: "unicast", 11: "broadcast"}
MESSAGES = {0: "who-is-router-to-network", 1: "i-am-router-to-network", 2: "i-could-be-router-to-network",
            3: "reject-message-to-network", 4: "router-busy-to-network", 5: "router-available-to-network",
            6: "initialize-routing-table", 7: "initialize-routing-table-ack", 8: "establish-connection-to-network",
            9: "disconnect-connection-to-network", 18: "what-is-network-number", 19: "network-number-is"}
_CONFIRMED = (
    "acknowledgeAlarm confirmedCOVNotification confirmedEventNotification getAlarmSummary getEnrollmentSummary "
    "subscribeCOV atomicReadFile atomicWriteFile addListElement removeListElement createObject deleteObject "
    "readProperty readPropertyConditional readPropertyMultiple writeProperty writePropertyMultiple "
    "deviceCommunicationControl confirmedPrivateTransfer confirmedTextMessage reinitializeDevice vtOpen vtClose "
    "vtData authenticate requestKey readRange lifeSafetyOperation subscribeCOVProperty getEventInformation "
    "subscribeCovPropertyMultiple confirmedCovNotificationMultiple confirmedAuditNotification auditLogQuery"
)
_UNCONFIRMED = (
    "i-Am i-Have unconfirmedCOVNotification unconfirmedEventNotification unconfirmedPrivateTransfer "
    "unconfirmedTextMessage timeSynchronization who-Has who-Is utcTimeSynchronization writeGroup "
    "unconfirmedCovNotificationMultiple unconfirmedAuditNotification who-am-I you-are"
)
_OBJECTS = (
    "analog-input analog-output analog-value binary-input binary-output binary-value calendar command device "
    "event-enrollment file group loop multi-state-input multi-state-output notification-class program schedule "
    "averaging multi-state-value trend-log life-safety-point life-safety-zone accumulator pulse-converter "
    "event-log global-group trend-log-multiple load-control structured-view access-door timer access-credential "
    "access-point access-rights access-user access-zone credential-data-input network-security bitstring-value "
    "characterstring-value date-pattern-value date-value datetime-pattern-value datetime-value integer-value "
    "large-analog-value octetstring-value positive-integer-value time-pattern-value time-value "
    "notification-forwarder alert-enrollment channel lighting-output binary-lighting-output network-port "
    "elevator-group escalator lift staging audit-log audit-reporter color color-temperature"
)
CONFIRMED, UNCONFIRMED, OBJECTS = _CONFIRMED.split(), _UNCONFIRMED.split(), _OBJECTS.split()
PROPERTIES = {
    0: "acked-transition", 1: "ack-required", 2: "action", 3: "action-text", 4: "active-text", 5: "active-vt-session",
    6: "alarm-value", 7: "alarm-values", 8: "all", 9: "all-writes-successful", 10: "apdu-segment-timeout",
    11: "apdu-timeout", 12: "application-software-version", 13: "archive", 14: "bias", 15: "change-of-state-count",
    16: "change-of-state-time", 17: "notification-class", 19: "controlled-variable-reference",
    20: "controlled-variable-units", 21: "controlled-variable-value", 22: "cov-increment", 23: "datelist",
    24: "daylights-savings-status", 25: "deadband", 26: "derivative-constant", 27: "derivative-constant-units",
    28: "description", 29: "description-of-halt", 30: "device-address-binding", 31: "device-type",
    32: "effective-period", 33: "elapsed-active-time", 34: "error-limit", 35: "event-enable", 36: "event-state",
    37: "event-type", 38: "exception-schedule", 39: "fault-values", 40: "feedback-value", 41: "file-access-method",
    42: "file-size", 43: "file-type", 44: "firmware-revision", 45: "high-limit", 46: "inactive-text",
    47: "in-process", 48: "instance-of", 49: "integral-constant", 50: "integral-constant-units",
    51: "issue-confirmed-notifications", 52: "limit-enable", 53: "list-of-group-members",
    54: "list-of-object-property-references", 55: "list-of-session-keys", 56: "local-date", 57: "local-time",
    58: "location", 59: "low-limit", 60: "manipulated-variable-reference", 61: "maximum-output",
    62: "max-apdu-length-accepted", 63: "max-info-frames", 64: "max-master", 65: "max-pres-value",
    66: "minimum-off-time", 67: "minimum-on-time", 68: "minimum-output", 69: "min-pres-value", 70: "model-name",
    71: "modification-date", 72: "notify-type", 73: "number-of-APDU-retries", 74: "number-of-states",
    75: "object-identifier", 76: "object-list", 77: "object-name", 78: "object-property-reference", 79: "object-type",
    80: "optional", 81: "out-of-service", 82: "output-units", 83: "event-parameters", 84: "polarity",
    85: "present-value", 86: "priority", 87: "priority-array", 88: "priority-for-writing", 89: "process-identifier",
    90: "program-change", 91: "program-location", 92: "program-state", 93: "proportional-constant",
    94: "proportional-constant-units", 95: "protocol-conformance-class", 96: "protocol-object-types-supported",
    97: "protocol-services-supported", 98: "protocol-version", 99: "read-only", 100: "reason-for-halt",
    101: "recipient", 102: "recipient-list", 103: "reliability", 104: "relinquish-default", 105: "required",
    106: "resolution", 107: "segmentation-supported", 108: "setpoint", 109: "setpoint-reference", 110: "state-text",
    111: "status-flags", 112: "system-status", 113: "time-delay", 114: "time-of-active-time-reset",
    115: "time-of-state-count-reset", 116: "time-synchronization-recipients", 117: "units", 118: "update-interval",
    119: "utc-offset", 120: "vendor-identifier", 121: "vendor-name", 122: "vt-class-supported",
    123: "weekly-schedule", 124: "attempted-samples", 125: "average-value", 126: "buffer-size",
    127: "client-cov-increment", 128: "cov-resubscription-interval", 129: "current-notify-time",
    130: "event-time-stamp", 131: "log-buffer", 132: "log-device-object-property", 133: "enable", 134: "log-interval",
}
ERROR_CLASSES = ("device", "object", "property", "resources", "security", "services", "vt", "communication")
ERROR_CODES = {
    0: "other", 1: "authentication-failed", 2: "configuration-in-progress", 3: "device-busy",
    4: "dynamic-creation-not-supported", 5: "file-access-denied", 6: "incompatible-security-levels",
    7: "inconsistent-parameters", 8: "inconsistent-selection-criterion", 9: "invalid-data-type",
    10: "invalid-file-access-method", 11: "invalid-file-start-position", 12: "invalid-operator-name",
    13: "invalid-parameter-data-type", 14: "invalid-time-stamp", 15: "key-generation-error",
    16: "missing-required-parameter", 17: "no-objects-of-specified-type", 18: "no-space-for-object",
    19: "no-space-to-add-list-element", 20: "no-space-to-write-property", 21: "no-vt-sessions-available",
    22: "property-is-not-a-list", 23: "object-deletion-not-permitted", 24: "object-identifier-already-exists",
    25: "operational-problem", 26: "password-failure", 27: "read-access-denied", 28: "security-not-supported",
    29: "service-request-denied", 30: "timeout", 31: "unknown-object", 32: "unknown-property",
    33: "removed enumeration", 34: "unknown-vt-class", 35: "unknown-vt-session", 36: "unsupported-object-type",
    37: "value-out-of-range", 38: "vt-session-already-closed", 39: "vt-session-termination-failure",
    40: "write-access-denied", 41: "character-set-not-supported", 42: "invalid-array-index",
    43: "cov-subscription-failed", 44: "not-cov-property", 45: "optional-functionality-not-supported",
    46: "invalid-configuration-data", 47: "datatype-not-supported", 48: "duplicate-name", 49: "duplicate-object-id",
    50: "property-is-not-an-array",
}
_REJECTS = (
    "other buffer-overflow inconsistent-parameters invalid-parameter-data-type invalid-tag "
    "missing-required-parameter parameter-out-of-range too-many-arguments undefined-enumeration "
    "unrecognized-service"
)
_ABORTS = (
    "other buffer-overflow invalid-apdu-in-this-state preempted-by-higher-priority-task "
    "segmentation-not-supported security-error insufficient-security window-size-out-of-range "
    "application-exceeded-reply-time out-of-resources tsm-timeout apdu-too-long"
)
REJECTS, ABORTS = _REJECTS.split(), _ABORTS.split()
NAMES = {77: "device_name", 70: "model", 121: "vendor_name", 44: "firmware"}


def _of(names: object, code: int, unknown: str) -> str:
    return names[code] if code < len(names) else f"{unknown} {code}"


def _object(raw: bytes) -> str:
    """Such as "analog-input 1 present-value" (sections 20.2.14 and 21)."""
    kind, instance, which = number(raw[:4]) >> 22, number(raw[:4]) & 0x3FFFFF, number(raw[4:8])
    return f"{_of(OBJECTS, kind, 'object')} {instance} {PROPERTIES.get(which, f'property {which}')}"


def _service(raw: bytes) -> str:
    return _of(CONFIRMED if raw[0] else UNCONFIRMED, raw[1], "service")


def _error(raw: bytes) -> str:
    return f"{_of(ERROR_CLASSES, raw[0], 'class')}: {ERROR_CODES.get(raw[1], f'code {raw[1]}')}"


def _refused(raw: bytes) -> str:
    return f"reject: {_of(REJECTS, raw[1], 'reason')}" if raw[0] == 6 else f"abort: {_of(ABORTS, raw[1], 'reason')}"


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `bacnet` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "functions", known, FUNCTION, named(FUNCTIONS, "function"))
    listed(obj, "services", known, SERVICE, _service)
    listed(obj, "messages", known, MESSAGE, named(MESSAGES, "message"))
    listed(obj, "devices", known, DEVICE, number)
    listed(obj, "vendors", known, VENDOR, number)
    for raw in known.get(NAME, ()):
        if raw[0] in NAMES:
            obj.setdefault(NAMES[raw[0]], text(raw[1:]))
    listed(obj, "reads", known, OBJECT, _object)
    listed(obj, "writes", known, WRITTEN, _object)
    listed(obj, "networks", known, NETWORK, number)
    errors = [*map(_error, known.get(ERROR, ())), *map(_refused, known.get(REJECT, ()))]
    if errors:
        obj["errors"] = errors
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "BACnet readProperty AHU-1"."""
    words = ("BACnet", *(obj.get("services") or obj.get("messages") or [""])[:1], first(obj.get("device_name", "")))
    return " ".join(word for word in words if word)
