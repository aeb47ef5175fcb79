"""Fields of Kafka's requests and the head of its responses, its protocol guide. A response says not to which."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, Region, Seen, string, u16, u32

KEYS = {
    0: "Produce",
    1: "Fetch",
    2: "ListOffsets",
    3: "Metadata",
    8: "OffsetCommit",
    9: "OffsetFetch",
    10: "FindCoordinator",
    11: "JoinGroup",
    12: "Heartbeat",
    13: "LeaveGroup",
    14: "SyncGroup",
    15: "DescribeGroups",
    16: "ListGroups",
    17: "SaslHandshake",
    18: "ApiVersions",
    19: "CreateTopics",
    20: "DeleteTopics",
    22: "InitProducerId",
    36: "SaslAuthenticate",
}


def _asks(at: Region, seen: Seen) -> object:
    """Does it look like a request: a known key, a small version, and a client's name that fits?"""
    if at.left < 10 or at.peek(2) not in KEYS or at.peek(2, 2) > 20:
        return False
    size = at.peek(2, 8)
    name = at.data[at.at + 10 : at.at + 10 + size]
    return 0 < size <= at.left - 10 and all(32 < byte < 127 for byte in name)


def _size(data: bytes) -> int:
    size = int.from_bytes(data[:4], "big")
    return 4 + size if len(data) >= 8 and 4 <= size < 1 << 27 else 0


TREE = Layout(
    "kafka",
    "Kafka",
    (
        u32("kafka.len", "Length", unit=" B"),
        Choice(
            _asks,
            {
                True: (
                    u16("kafka.api_key", "Request", KEYS),
                    u16("kafka.api_version", "Version"),
                    u32("kafka.correlation_id", "Correlation"),
                    u16("kafka.string_len", "Length of the client's name"),
                    Choice(
                        "kafka.string_len", {0xFFFF: ()}, (string("kafka.client_id", "Client", "kafka.string_len"),)
                    ),
                    Raw("kafka.request", "Content"),
                )
            },
            (u32("kafka.correlation_id", "Correlation"), Raw("kafka.response", "Response")),
        ),
    ),
    "{kafka.api_key} {kafka.client_id}, correlation {kafka.correlation_id}",
    _size,
)
