"""What the facts of wire.pyx say: the describing half of NetFlow and IPFIX, and names of information elements."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import by_key, count, listed, named, number, one_or_all
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

VERSION, SOURCE, TEMPLATE, ELEMENT, SAMPLING, RECORDS, MESSAGES, LOST = range(1, 9)  # fact keys, as in wire.pyx

FACT_FIELDS: dict[str, Plain] = {}
# IANA's registry "IPFIX Information Elements"; NetFlow 9 has the same numbers
_FIRST = (
    "octetDeltaCount packetDeltaCount deltaFlowCount protocolIdentifier ipClassOfService tcpControlBits "
    "sourceTransportPort sourceIPv4Address sourceIPv4PrefixLength ingressInterface destinationTransportPort "
    "destinationIPv4Address destinationIPv4PrefixLength egressInterface ipNextHopIPv4Address bgpSourceAsNumber "
    "bgpDestinationAsNumber bgpNextHopIPv4Address postMCastPacketDeltaCount postMCastOctetDeltaCount "
    "flowEndSysUpTime flowStartSysUpTime postOctetDeltaCount postPacketDeltaCount minimumIpTotalLength "
    "maximumIpTotalLength sourceIPv6Address destinationIPv6Address sourceIPv6PrefixLength "
    "destinationIPv6PrefixLength flowLabelIPv6 icmpTypeCodeIPv4 igmpType samplingInterval samplingAlgorithm "
    "flowActiveTimeout flowIdleTimeout engineType engineId exportedOctetTotalCount exportedMessageTotalCount "
    "exportedFlowRecordTotalCount ipv4RouterSc sourceIPv4Prefix destinationIPv4Prefix mplsTopLabelType "
    "mplsTopLabelIPv4Address samplerId samplerMode samplerRandomInterval classId minimumTTL maximumTTL "
    "fragmentIdentification postIpClassOfService sourceMacAddress postDestinationMacAddress vlanId postVlanId "
    "ipVersion flowDirection ipNextHopIPv6Address bgpNextHopIPv6Address ipv6ExtensionHeaders"
)
ELEMENTS = dict(enumerate(_FIRST.split(), 1)) | {
    70: "mplsTopLabelStackSection", 80: "destinationMacAddress", 81: "postSourceMacAddress", 82: "interfaceName",
    83: "interfaceDescription", 84: "samplerName", 85: "octetTotalCount", 86: "packetTotalCount",
    88: "fragmentOffset", 89: "forwardingStatus", 90: "mplsVpnRouteDistinguisher", 94: "applicationDescription",
    95: "applicationId", 96: "applicationName", 130: "exporterIPv4Address", 131: "exporterIPv6Address",
    136: "flowEndReason", 138: "observationPointId", 139: "icmpTypeCodeIPv6", 141: "lineCardId", 142: "portId",
    143: "meteringProcessId", 144: "exportingProcessId", 145: "templateId", 148: "flowId",
    149: "observationDomainId", 150: "flowStartSeconds", 151: "flowEndSeconds", 152: "flowStartMilliseconds",
    153: "flowEndMilliseconds", 154: "flowStartMicroseconds", 155: "flowEndMicroseconds",
    156: "flowStartNanoseconds", 157: "flowEndNanoseconds", 160: "systemInitTimeMilliseconds",
    161: "flowDurationMilliseconds", 176: "icmpTypeIPv4", 177: "icmpCodeIPv4", 178: "icmpTypeIPv6",
    179: "icmpCodeIPv6", 192: "ipTTL", 225: "postNATSourceIPv4Address", 226: "postNATDestinationIPv4Address",
    227: "postNAPTSourceTransportPort", 228: "postNAPTDestinationTransportPort", 230: "natEvent",
    231: "initiatorOctets", 232: "responderOctets", 234: "ingressVRFID", 235: "egressVRFID", 239: "biflowDirection",
    243: "dot1qVlanId", 302: "selectorId", 304: "selectorAlgorithm", 305: "samplingPacketInterval",
    306: "samplingPacketSpace", 323: "observationTimeMilliseconds", 346: "privateEnterpriseNumber",
}


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `netflow` or `ipfix` object."""
    known = by_key(facts)
    obj: Record = {}
    one_or_all(obj, "version", known, VERSION, number)
    listed(obj, "sources", known, SOURCE, number)
    for name, key in (("messages", MESSAGES), ("records", RECORDS), ("lost", LOST)):
        count(obj, name, known, key)
    listed(obj, "templates", known, TEMPLATE, number)
    listed(obj, "elements", known, ELEMENT, named(ELEMENTS, "element"))
    one_or_all(obj, "sampling", known, SAMPLING, lambda raw: number(raw) & 0x3FFF)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "NetFlow 9, 120 records" or "IPFIX"."""
    version = obj.get("version")
    if version == 10:
        return "IPFIX"
    count = f"{obj['records']} records" if "records" in obj else ""
    return ", ".join(part for part in (f"NetFlow {version}" if isinstance(version, int) else "NetFlow", count) if part)
