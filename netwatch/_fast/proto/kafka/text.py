"""What the facts of kafka.pyx say: the describing half of Kafka, and the names of its request types."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.facts import LIST, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login
from netwatch.model.record import Record

API, CLIENT, SOFTWARE, SOFTWARE_VERSION, TOPIC, GROUP = range(1, 7)  # fact keys, as in kafka.pyx

_FIELDS = (("client_id", CLIENT, TEXT), ("software", SOFTWARE, TEXT), ("software_version", SOFTWARE_VERSION, TEXT),
           ("topics", TOPIC, LIST), ("group", GROUP, TEXT))
FACT_FIELDS = fact_fields("kafka", _FIELDS)
# by number, from 0 on; kafka.apache.org/protocol, "Api Keys"
APIS = (
    "Produce", "Fetch", "ListOffsets", "Metadata", "LeaderAndIsr", "StopReplica", "UpdateMetadata",
    "ControlledShutdown", "OffsetCommit", "OffsetFetch", "FindCoordinator", "JoinGroup", "Heartbeat", "LeaveGroup",
    "SyncGroup", "DescribeGroups", "ListGroups", "SaslHandshake", "ApiVersions", "CreateTopics", "DeleteTopics",
    "DeleteRecords", "InitProducerId", "OffsetForLeaderEpoch", "AddPartitionsToTxn", "AddOffsetsToTxn", "EndTxn",
    "WriteTxnMarkers", "TxnOffsetCommit", "DescribeAcls", "CreateAcls", "DeleteAcls", "DescribeConfigs", "AlterConfigs",
    "AlterReplicaLogDirs", "DescribeLogDirs", "SaslAuthenticate", "CreatePartitions", "CreateDelegationToken",
    "RenewDelegationToken", "ExpireDelegationToken", "DescribeDelegationToken", "DeleteGroups", "ElectLeaders",
    "IncrementalAlterConfigs", "AlterPartitionReassignments", "ListPartitionReassignments", "OffsetDelete",
    "DescribeClientQuotas", "AlterClientQuotas", "DescribeUserScramCredentials", "AlterUserScramCredentials", "Vote",
    "BeginQuorumEpoch", "EndQuorumEpoch", "DescribeQuorum", "AlterPartition", "UpdateFeatures", "Envelope",
    "FetchSnapshot", "DescribeCluster", "DescribeProducers", "BrokerRegistration", "BrokerHeartbeat",
    "UnregisterBroker", "DescribeTransactions", "ListTransactions", "AllocateProducerIds", "ConsumerGroupHeartbeat",
    "ConsumerGroupDescribe", "ControllerRegistration", "GetTelemetrySubscriptions", "PushTelemetry",
    "AssignReplicasToDirs", "ListConfigResources", "DescribeTopicPartitions", "ShareGroupHeartbeat",
    "ShareGroupDescribe", "ShareFetch", "ShareAcknowledge", "AddRaftVoter", "RemoveRaftVoter", "UpdateRaftVoter",
    "InitializeShareGroupState", "ReadShareGroupState", "WriteShareGroupState", "DeleteShareGroupState",
    "ReadShareGroupStateSummary", "StreamsGroupHeartbeat", "StreamsGroupDescribe", "DescribeShareGroupOffsets",
    "AlterShareGroupOffsets", "DeleteShareGroupOffsets",
)


def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = False) -> Record:
    """The `kafka` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj: Record = described(facts, _FIELDS)
    apis = [f"{APIS[value[0]]} v{value[1]}" for key, value in facts if key == API and len(value) == 2]
    if apis:
        obj["apis"] = apis
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "Kafka consumer-1 orders"."""
    return words("Kafka", obj.get("client_id"), obj.get("topics", ("",))[0])
