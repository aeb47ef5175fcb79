"""What the facts of wire.pyx say: the describing half of GTP-C, and the names of messages and causes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from netwatch._fast.proto.common.describing import address, by_key, first, listed, micros, number, one_or_all, text
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
VERSION, MESSAGE, IMSI, MSISDN, IMEI, APN, ADDRESS, RAT, NETWORK, CAUSE, PEER, LATENCY = range(1, 13)

FACT_FIELDS: dict[str, Plain] = {}
MESSAGES = {
    1: {  # 3GPP TS 29.060 table 1
        1: "Echo Request", 2: "Echo Response", 3: "Version Not Supported", 4: "Node Alive Request",
        5: "Node Alive Response", 6: "Redirection Request", 7: "Redirection Response",
        16: "Create PDP Context Request", 17: "Create PDP Context Response", 18: "Update PDP Context Request",
        19: "Update PDP Context Response", 20: "Delete PDP Context Request", 21: "Delete PDP Context Response",
        22: "Initiate PDP Context Activation Request", 23: "Initiate PDP Context Activation Response",
        24: "Delete AA PDP Context Request", 25: "Delete AA PDP Context Response", 27: "PDU Notification Request",
        28: "PDU Notification Response", 29: "PDU Notification Reject Request",
        30: "PDU Notification Reject Response", 31: "Supported Extension Header Notification",
        32: "Send Routing Information For GPRS Request", 33: "Send Routing Information For GPRS Response",
        34: "Failure Report Request", 35: "Failure Report Response", 36: "Note MS GPRS Present Request",
        37: "Note MS GPRS Present Response", 48: "Identification Request", 49: "Identification Response",
        50: "SGSN Context Request", 51: "SGSN Context Response", 52: "SGSN Context Acknowledgement",
        53: "Forward Relocation Request", 54: "Forward Relocation Response", 55: "Forward Relocation Complete",
        56: "Relocation Cancel Request", 57: "Relocation Cancel Response", 58: "Forward SRNS Context",
        59: "Forward Relocation Complete Acknowledge", 60: "Forward SRNS Context Acknowledge",
        61: "UE Registration Query Request", 62: "UE Registration Query Response", 70: "RAN Information Relay",
        128: "MS Info Change Notification Request", 129: "MS Info Change Notification Response",
    },
    2: {  # 3GPP TS 29.274 table 6.1-1
        1: "Echo Request", 2: "Echo Response", 3: "Version Not Supported Indication", 4: "Node Alive Request",
        5: "Node Alive Response", 6: "Redirection Request", 7: "Redirection Response", 25: "SRVCC PS To CS Request",
        26: "SRVCC PS To CS Response", 27: "SRVCC PS To CS Complete Notification",
        28: "SRVCC PS To CS Complete Acknowledge", 29: "SRVCC PS To CS Cancel Notification",
        30: "SRVCC PS To CS Cancel Acknowledge", 31: "SRVCC CS To PS Request", 32: "Create Session Request",
        33: "Create Session Response", 34: "Modify Bearer Request", 35: "Modify Bearer Response",
        36: "Delete Session Request", 37: "Delete Session Response", 38: "Change Notification Request",
        39: "Change Notification Response", 40: "Remote UE Report Notification", 41: "Remote UE Report Acknowledge",
        64: "Modify Bearer Command", 65: "Modify Bearer Failure Indication", 66: "Delete Bearer Command",
        67: "Delete Bearer Failure Indication", 68: "Bearer Resource Command",
        69: "Bearer Resource Failure Indication", 70: "Downlink Data Notification Failure Indication",
        71: "Trace Session Activation", 72: "Trace Session Deactivation", 73: "Stop Paging Indication",
        95: "Create Bearer Request", 96: "Create Bearer Response", 97: "Update Bearer Request",
        98: "Update Bearer Response", 99: "Delete Bearer Request", 100: "Delete Bearer Response",
        101: "Delete PDN Connection Set Request", 102: "Delete PDN Connection Set Response",
        103: "PGW Downlink Triggering Notification", 104: "PGW Downlink Triggering Acknowledge",
        128: "Identification Request", 129: "Identification Response", 130: "Context Request",
        131: "Context Response", 132: "Context Acknowledge", 133: "Forward Relocation Request",
        134: "Forward Relocation Response", 135: "Forward Relocation Complete Notification",
        136: "Forward Relocation Complete Acknowledge", 137: "Forward Access Context Notification",
        138: "Forward Access Context Acknowledge", 139: "Relocation Cancel Request",
        140: "Relocation Cancel Response", 141: "Configuration Transfer Tunnel", 149: "Detach Notification",
        150: "Detach Acknowledge", 151: "CS Paging Indication", 152: "RAN Information Relay",
        153: "Alert MME Notification", 154: "Alert MME Acknowledge", 155: "UE Activity Notification",
        156: "UE Activity Acknowledge", 157: "ISR Status Indication", 158: "UE Registration Query Request",
        159: "UE Registration Query Response", 160: "Create Forwarding Tunnel Request",
        161: "Create Forwarding Tunnel Response", 162: "Suspend Notification", 163: "Suspend Acknowledge",
        164: "Resume Notification", 165: "Resume Acknowledge", 166: "Create Indirect Data Forwarding Tunnel Request",
        167: "Create Indirect Data Forwarding Tunnel Response", 168: "Delete Indirect Data Forwarding Tunnel Request",
        169: "Delete Indirect Data Forwarding Tunnel Response", 170: "Release Access Bearers Request",
        171: "Release Access Bearers Response", 176: "Downlink Data Notification",
        177: "Downlink Data Notification Acknowledgement", 179: "PGW Restart Notification",
        180: "PGW Restart Notification Acknowledge", 200: "Update PDN Connection Set Request",
        201: "Update PDN Connection Set Response", 211: "Modify Access Bearers Request",
        212: "Modify Access Bearers Response",
    },
}
CAUSES = {
    1: {  # TS 29.060 table 38
        192: "non-existent", 193: "invalid message format", 194: "IMSI not known", 195: "MS is GPRS detached",
        196: "MS is not GPRS responding", 197: "MS refuses", 198: "version not supported",
        199: "no resource available", 200: "service not supported", 201: "mandatory IE incorrect",
        202: "mandatory IE missing", 203: "optional IE incorrect", 204: "system failure", 205: "roaming restriction",
        206: "P-TMSI signature mismatch", 207: "GPRS connection suspended", 208: "authentication failure",
        209: "user authentication failed", 210: "context not found", 211: "all PDP dynamic addresses are occupied",
        212: "no memory is available", 213: "relocation failure", 214: "unknown mandatory extension header",
        215: "semantic error in the TFT operation", 216: "syntactic error in the TFT operation",
        217: "semantic errors in packet filter(s)", 218: "syntactic errors in packet filter(s)",
        219: "missing or unknown APN", 220: "unknown PDP address or PDP type",
        221: "PDP context without TFT already activated", 222: "APN access denied - no subscription",
        223: "APN Restriction type incompatibility with currently active PDP Contexts",
        224: "MS MBMS Capabilities Insufficient", 225: "invalid Correlation-ID",
        226: "MBMS Bearer Context Superseded", 227: "bearer Control Mode violation",
        228: "collision with network initiated request", 229: "APN Congestion", 230: "bearer handling not supported",
        231: "target access restricted for the subscriber",
        232: "UE is temporarily not reachable due to power saving",
        233: "relocation failure due to NAS message redirection",
    },
    2: {  # TS 29.274 table 8.4-1
        2: "local Detach", 3: "complete Detach", 4: "RAT changed from 3GPP to Non-3GPP", 5: "ISR deactivation",
        6: "error Indication received from RNC/eNodeB/S4-SGSN", 7: "IMSI Detach Only", 8: "reactivation Requested",
        9: "PDN reconnection to this APN disallowed", 10: "access changed from Non-3GPP to 3GPP",
        11: "PDN connection inactivity timer expires", 12: "PGW not responding", 13: "network Failure",
        14: "qoS parameter mismatch", 15: "EPS to 5GS Mobility", 16: "request accepted",
        17: "request accepted partially", 18: "new PDN type due to network preference",
        19: "new PDN type due to single address bearer only", 64: "context Not Found", 65: "invalid Message Format",
        66: "version not supported by next peer", 67: "invalid length", 68: "service not supported",
        69: "mandatory IE incorrect", 70: "mandatory IE missing", 72: "system failure", 73: "no resources available",
        74: "semantic error in the TFT operation", 75: "syntactic error in the TFT operation",
        76: "semantic errors in packet filter(s)", 77: "syntactic errors in packet filter(s)",
        78: "missing or unknown APN", 80: "GRE key not found", 81: "relocation failure", 82: "denied in RAT",
        83: "preferred PDN type not supported", 84: "all dynamic addresses are occupied",
        85: "UE context without TFT already activated", 86: "protocol type not supported", 87: "UE not responding",
        88: "UE refuses", 89: "service denied", 90: "unable to page UE", 91: "no memory available",
        92: "user authentication failed", 93: "APN access denied - no subscription",
        94: "request rejected(reason not specified)", 95: "P-TMSI Signature mismatch", 96: "IMSI/IMEI not known",
        97: "semantic error in the TAD operation", 98: "syntactic error in the TAD operation",
        100: "remote peer not responding", 101: "collision with network initiated request",
        102: "unable to page UE due to Suspension", 103: "conditional IE missing",
        104: "APN Restriction type Incompatible with currently active PDN connection",
        105: "invalid overall length of the triggered response message and a piggybacked initial message",
        106: "data forwarding not supported", 107: "invalid reply from remote peer", 108: "fallback to GTPv1",
        109: "invalid peer", 110: "temporarily rejected due to handover/TAU/RAU procedure in progress",
        111: "modifications not limited to S1-U bearers", 112: "request rejected for a PMIPv6 reason",
        113: "APN Congestion", 114: "bearer handling not supported", 115: "UE already re-attached",
        116: "multiple PDN connections for a given APN not allowed",
        117: "target access restricted for the subscriber", 119: "MME/SGSN refuses due to VPLMN Policy",
        120: "GTP-C Entity Congestion", 121: "late Overlapping Request", 122: "timed out Request",
        123: "UE is temporarily not reachable due to power saving",
        124: "relocation failure due to NAS message redirection",
        125: "UE not authorised by OCS or external AAA Server",
    },
}
RATS = {1: "UTRAN", 2: "GERAN", 3: "WLAN", 4: "GAN", 5: "HSPA Evolution", 6: "EUTRAN", 7: "Virtual",
        8: "EUTRAN-NB-IoT", 9: "LTE-M", 10: "NR"}


def digits(raw: bytes) -> str:
    """Two decimal digits a byte, the lower half first, up to the filler (TS 29.060 section 7.7.2)."""
    shown = "".join(f"{byte & 15:x}{byte >> 4:x}" for byte in raw).rstrip("f")
    return shown if shown.isdecimal() else ""


def network(raw: bytes) -> str:
    """Mobile country and network code, such as "262-01" (TS 29.274 section 8.18)."""
    a, b, c, third, d, e = (half for byte in raw[:3] for half in (byte & 15, byte >> 4))
    code = f"{d:x}{e:x}" + ("" if third == 15 else f"{third:x}")
    return f"{a:x}{b:x}{c:x}-{code}" if f"{a:x}{b:x}{c:x}{code}".isdecimal() else ""


def apn(raw: bytes) -> str:
    """The labels of a name, dots between them; a text without lengths as it stands."""
    labels, at = [], 0
    while at < len(raw) and 0 < raw[at] <= len(raw) - at - 1:
        labels.append(raw[at + 1 : at + 1 + raw[at]])
        at += 1 + raw[at]
    return text(b".".join(labels)) if at == len(raw) else text(raw)


def _named(names: dict[int, dict[int, str]], unknown: str) -> Callable[[bytes], str]:
    return lambda raw: names[raw[0]].get(raw[1]) or f"{unknown} {raw[1]}"


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `gtpc` object."""
    known = by_key(facts)
    obj: Record = {}
    one_or_all(obj, "version", known, VERSION, number)
    listed(obj, "messages", known, MESSAGE, _named(MESSAGES, "message"))
    listed(obj, "imsi", known, IMSI, digits)
    listed(obj, "msisdn", known, MSISDN, digits)
    listed(obj, "imei", known, IMEI, digits)
    listed(obj, "apn", known, APN, apn)
    listed(obj, "addresses", known, ADDRESS, address)
    listed(obj, "networks", known, NETWORK, network)
    listed(obj, "access", known, RAT, lambda raw: RATS.get(raw[1], f"access {raw[1]}"))
    listed(obj, "peers", known, PEER, address)
    listed(obj, "causes", known, CAUSE, _named(CAUSES, "cause"))
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "GTPv2-C Create Session Request internet"."""
    version = obj.get("version")
    words = (f"GTPv{version}-C" if isinstance(version, int) else "GTP-C", *obj.get("messages", ())[:1],
             first(obj.get("apn", "")) if obj.get("apn") else "")
    return " ".join(word for word in words if word)
