"""What the facts of wire.pyx say: the describing half of Diameter, and its names (IANA, 3GPP TS 29.230)."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import address, by_key, count, listed, micros, named, one_or_all, text
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
(COMMAND, APPLICATION, ORIGIN_HOST, ORIGIN_REALM, HOST, REALM, USER, SUBSCRIBER, APN, ADDRESS, PRODUCT, RESULT,
 EXPERIMENTAL, ERROR, REQUESTS, LATENCY) = range(1, 17)

FACT_FIELDS: dict[str, Plain] = {}
COMMANDS = {
    257: "Capabilities-Exchange", 258: "Re-Auth", 260: "AA-Mobile-Node", 262: "Home-Agent-MIP", 265: "AA",
    268: "Diameter-EAP", 271: "Accounting", 272: "Credit-Control", 274: "Abort-Session", 275: "Session-Termination",
    280: "Device-Watchdog", 282: "Disconnect-Peer", 300: "User-Authorization", 301: "Server-Assignment",
    302: "Location-Info", 303: "Multimedia-Auth", 304: "Registration-Termination", 305: "Push-Profile",
    306: "User-Data", 307: "Profile-Update", 308: "Subscribe-Notifications", 309: "Push-Notification",
    310: "Bootstrapping-Info", 311: "Message-Process", 312: "GBAPush-Info", 314: "Policy-Data", 315: "Policy-Install",
    316: "Update-Location", 317: "Cancel-Location", 318: "Authentication-Information", 319: "Insert-Subscriber-Data",
    320: "Delete-Subscriber-Data", 321: "Purge-UE", 322: "Reset", 323: "Notify", 324: "ME-Identity-Check",
    325: "MIP6", 326: "QoS-Authorization", 327: "QoS-Install", 328: "Capabilities-Update", 329: "IKEv2-SK",
    330: "NAT-Control", 8388620: "Provide-Location", 8388621: "Location-Report", 8388622: "LCS-Routing-Info",
    8388635: "Spending-Limit", 8388636: "Spending-Status-Notification", 8388637: "TDF-Session",
    8388641: "Subscriber-Information", 8388642: "Cancel-VCSG-Location", 8388643: "Device-Trigger",
    8388644: "Delivery-Report", 8388645: "MO-Forward-Short-Message", 8388646: "MT-Forward-Short-Message",
    8388647: "Send-Routing-Info-for-SM", 8388648: "Alert-Service-Centre", 8388649: "Report-SM-Delivery-Status",
}
APPLICATIONS = {
    0: "base", 1: "NASREQ", 2: "Mobile IPv4", 3: "accounting", 4: "credit control", 5: "EAP", 6: "SIP", 7: "MIP6I",
    8: "MIP6A", 9: "QoS", 10: "capabilities update", 11: "IKE SK", 12: "NAT control", 13: "ERP", 16777216: "Cx",
    16777217: "Sh", 16777218: "Re/Rf", 16777219: "Wx", 16777220: "Zn", 16777221: "Zh", 16777222: "Gq",
    16777223: "Gmb", 16777224: "Gx", 16777229: "Rx Release 6", 16777230: "Pr", 16777236: "Rx", 16777238: "Gx",
    16777250: "STa", 16777251: "S6a/S6d", 16777252: "S13/S13'", 16777255: "SLg", 16777264: "SWm", 16777265: "SWx",
    16777266: "Gxx", 16777267: "S9", 16777268: "Zpn", 16777272: "S6b", 16777291: "SLh", 16777292: "SGmb",
    16777302: "Sy", 16777303: "Sd", 16777308: "S7a", 16777309: "Tsp", 16777310: "S6m", 16777311: "T4",
    16777312: "S6c", 16777313: "SGd", 16777318: "S15", 16777319: "S9a", 16777320: "S9a*", 16777335: "MB2c",
    16777336: "PC4a", 16777337: "PC2", 16777340: "PC6/PC7", 16777342: "Np", 16777345: "S6t", 16777346: "T6a/T6b",
    4294967295: "relay",
}
RESULTS = {
    1001: "MULTI_ROUND_AUTH", 2001: "SUCCESS", 2002: "LIMITED_SUCCESS", 2003: "FIRST_REGISTRATION",
    2004: "SUBSEQUENT_REGISTRATION", 2005: "UNREGISTERED_SERVICE", 2006: "SUCCESS_SERVER_NAME_NOT_STORED",
    2007: "SERVER_SELECTION", 2008: "SUCCESS_AUTH_SENT_SERVER_NOT_STORED", 2009: "SUCCESS_RELOCATE_HA",
    3001: "COMMAND_UNSUPPORTED", 3002: "UNABLE_TO_DELIVER", 3003: "REALM_NOT_SERVED", 3004: "TOO_BUSY",
    3005: "LOOP_DETECTED", 3006: "REDIRECT_INDICATION", 3007: "APPLICATION_UNSUPPORTED", 3008: "INVALID_HDR_BITS",
    3009: "INVALID_AVP_BITS", 3010: "UNKNOWN_PEER", 3011: "REALM_REDIRECT_INDICATION",
    4001: "AUTHENTICATION_REJECTED", 4002: "OUT_OF_SPACE", 4003: "ELECTION_LOST", 4005: "ERROR_MIP_REPLY_FAILURE",
    4006: "ERROR_HA_NOT_AVAILABLE", 4007: "ERROR_BAD_KEY", 4008: "ERROR_MIP_FILTER_NOT_SUPPORTED",
    4010: "END_USER_SERVICE_DENIED", 4011: "CREDIT_CONTROL_NOT_APPLICABLE", 4012: "CREDIT_LIMIT_REACHED",
    4013: "USER_NAME_REQUIRED", 4014: "RESOURCE_FAILURE", 4241: "END_USER_SERVICE_DENIED", 5001: "AVP_UNSUPPORTED",
    5002: "UNKNOWN_SESSION_ID", 5003: "AUTHORIZATION_REJECTED", 5004: "INVALID_AVP_VALUE", 5005: "MISSING_AVP",
    5006: "RESOURCES_EXCEEDED", 5007: "CONTRADICTING_AVPS", 5008: "AVP_NOT_ALLOWED",
    5009: "AVP_OCCURS_TOO_MANY_TIMES", 5010: "NO_COMMON_APPLICATION", 5011: "UNSUPPORTED_VERSION",
    5012: "UNABLE_TO_COMPLY", 5013: "INVALID_BIT_IN_HEADER", 5014: "INVALID_AVP_LENGTH",
    5015: "INVALID_MESSAGE_LENGTH", 5016: "INVALID_AVP_BIT_COMBO", 5017: "NO_COMMON_SECURITY",
    5018: "RADIUS_AVP_UNTRANSLATABLE", 5024: "ERROR_NO_FOREIGN_HA_SERVICE",
    5025: "ERROR_END_TO_END_MIP_KEY_ENCRYPTION", 5030: "USER_UNKNOWN", 5031: "RATING_FAILED",
    5032: "ERROR_USER_UNKNOWN", 5033: "ERROR_IDENTITIES_DONT_MATCH", 5034: "ERROR_IDENTITY_NOT_REGISTERED",
    5035: "ERROR_ROAMING_NOT_ALLOWED", 5036: "ERROR_IDENTITY_ALREADY_REGISTERED",
    5037: "ERROR_AUTH_SCHEME_NOT_SUPPORTED", 5038: "ERROR_IN_ASSIGNMENT_TYPE", 5039: "ERROR_TOO_MUCH_DATA",
    5040: "ERROR_NOT_SUPPORTED_USER_DATA", 5041: "ERROR_MIP6_AUTH_MODE", 5042: "UNKNOWN_BINDING_TEMPLATE_NAME",
    5043: "BINDING_FAILURE", 5044: "MAX_BINDINGS_SET_FAILURE", 5045: "MAXIMUM_BINDINGS_REACHED_FOR_ENDPOINT",
    5046: "SESSION_EXISTS", 5047: "INSUFFICIENT_CLASSIFIERS", 5048: "ERROR_EAP_CODE_UNKNOWN",
}
EXPERIMENTAL_RESULTS = {        # of 3GPP, without their prefixes
    2001: "FIRST_REGISTRATION", 2002: "SUBSEQUENT_REGISTRATION", 2003: "UNREGISTERED_SERVICE",
    2004: "SUCCESS_SERVER_NAME_NOT_STORED", 2005: "SERVER_SELECTION",
    2021: "PDP_CONTEXT_DELETION_INDICATION", 4100: "USER_DATA_NOT_AVAILABLE", 4101: "PRIOR_UPDATE_IN_PROGRESS",
    4121: "OUT_OF_RESOURCES", 4141: "PCC_BEARER_EVENT", 4142: "BEARER_EVENT", 4143: "AN_GW_FAILED",
    4144: "PENDING_TRANSACTION", 4181: "AUTHENTICATION_DATA_UNAVAILABLE", 4182: "CAMEL_SUBSCRIPTION_PRESENT",
    4201: "ABSENT_USER", 4221: "UNREACHABLE_USER", 4222: "SUSPENDED_USER", 4223: "DETACHED_USER",
    4224: "POSITIONING_DENIED", 4225: "POSITIONING_FAILED", 4226: "UNKNOWN_UNREACHABLE_LCS_CLIENT",
    4241: "NO_AVAILABLE_POLICY_COUNTERS", 4261: "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED",
    5001: "USER_UNKNOWN", 5002: "IDENTITIES_DONT_MATCH", 5003: "IDENTITY_NOT_REGISTERED", 5004: "ROAMING_NOT_ALLOWED",
    5005: "IDENTITY_ALREADY_REGISTERED", 5006: "AUTH_SCHEME_NOT_SUPPORTED", 5007: "IN_ASSIGNMENT_TYPE",
    5008: "TOO_MUCH_DATA", 5009: "NOT_SUPPORTED_USER_DATA", 5010: "MISSING_USER_ID", 5011: "FEATURE_UNSUPPORTED",
    5012: "SERVING_NODE_FEATURE_UNSUPPORTED", 5041: "USER_NO_WLAN_SUBSCRIPTION", 5042: "W-APN_UNUSED_BY_USER",
    5043: "W-NO_ACCESS_INDEPENDENT_SUBSCRIPTION", 5044: "USER_NO_W-APN_SUBSCRIPTION", 5045: "UNSUITABLE_NETWORK",
    5061: "INVALID_SERVICE_INFORMATION", 5062: "FILTER_RESTRICTIONS", 5063: "REQUESTED_SERVICE_NOT_AUTHORIZED",
    5064: "DUPLICATED_AF_SESSION", 5065: "IP-CAN_SESSION_NOT_AVAILABLE", 5066: "UNAUTHORIZED_NON_EMERGENCY_SESSION",
    5067: "UNAUTHORIZED_SPONSORED_DATA_CONNECTIVITY", 5068: "TEMPORARY_NETWORK_FAILURE",
    5100: "USER_DATA_NOT_RECOGNIZED", 5101: "OPERATION_NOT_ALLOWED", 5102: "USER_DATA_CANNOT_BE_READ",
    5103: "USER_DATA_CANNOT_BE_MODIFIED", 5104: "USER_DATA_CANNOT_BE_NOTIFIED", 5105: "TRANSPARENT_DATA_OUT_OF_SYNC",
    5106: "SUBS_DATA_ABSENT", 5107: "NO_SUBSCRIPTION_TO_DATA", 5108: "DSAI_NOT_AVAILABLE", 5120: "START_INDICATION",
    5121: "STOP_INDICATION", 5122: "UNKNOWN_MBMS_BEARER_SERVICE", 5123: "SERVICE_AREA", 5140: "INITIAL_PARAMETERS",
    5141: "TRIGGER_EVENT", 5142: "PCC_RULE_EVENT", 5143: "BEARER_NOT_AUTHORIZED",
    5144: "TRAFFIC_MAPPING_INFO_REJECTED", 5145: "QOS_RULE_EVENT", 5146: "TRAFFIC_MAPPING_INFO_REJECTED",
    5147: "CONFLICTING_REQUEST", 5148: "ADC_RULE_EVENT", 5149: "NBIFOM_NOT_AUTHORIZED", 5401: "IMPI_UNKNOWN",
    5402: "NOT_AUTHORIZED", 5403: "TRANSACTION_IDENTIFIER_INVALID", 5420: "UNKNOWN_EPS_SUBSCRIPTION",
    5421: "RAT_NOT_ALLOWED", 5422: "EQUIPMENT_UNKNOWN", 5423: "UNKNOWN_SERVING_NODE",
}


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `diameter` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "commands", known, COMMAND, named(COMMANDS, "command"))
    listed(obj, "applications", known, APPLICATION, named(APPLICATIONS, "application"))
    count(obj, "requests", known, REQUESTS)
    for name, key in (("origin_hosts", ORIGIN_HOST), ("origin_realms", ORIGIN_REALM), ("destination_hosts", HOST),
                      ("destination_realms", REALM), ("users", USER), ("subscribers", SUBSCRIBER), ("apn", APN),
                      ("products", PRODUCT)):
        listed(obj, name, known, key, text)
    listed(obj, "addresses", known, ADDRESS, address)
    results: dict[str, list[str]] = {}
    listed(results, "own", known, RESULT, named(RESULTS, "result"))
    listed(results, "vendor", known, EXPERIMENTAL, named(EXPERIMENTAL_RESULTS, "result"))
    if results:
        obj["results"] = [one for some in results.values() for one in some]
    one_or_all(obj, "error", known, ERROR)
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "Diameter S6a/S6d Update-Location"."""
    names = [name for name in obj.get("commands", ()) if name not in ("Capabilities-Exchange", "Device-Watchdog")]
    words = ("Diameter", *obj.get("applications", ())[:1], *(names or obj.get("commands", []))[:1])
    return " ".join(words)
