"""What Cassandra's facts say, as the `cassandra` object of a flow."""
from netwatch._fast.proto.cassandra.wire cimport (CQL_AUTHENTICATOR, CQL_CODE, CQL_COMPRESSION, CQL_DRIVER,
                                                  CQL_DRIVER_VERSION, CQL_ERROR, CQL_INTERNODE, CQL_KEYSPACE,
                                                  CQL_OPCODE, CQL_PROTOCOL, CQL_QUERY, CQL_SUPPORTED, CQL_VERSION)
from netwatch._fast.proto.common.describing import by_key, listed, named
from netwatch._fast.proto.common.facts import LIST, NUMBER, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login
from netwatch._fast.proto.common.sqltext import statements

_OPCODES = {0x00: "ERROR", 0x01: "STARTUP", 0x02: "READY", 0x03: "AUTHENTICATE", 0x04: "CREDENTIALS", 0x05: "OPTIONS",
            0x06: "SUPPORTED", 0x07: "QUERY", 0x08: "RESULT", 0x09: "PREPARE", 0x0a: "EXECUTE", 0x0b: "REGISTER",
            0x0c: "EVENT", 0x0d: "BATCH", 0x0e: "AUTH_CHALLENGE", 0x0f: "AUTH_RESPONSE", 0x10: "AUTH_SUCCESS"}
_FIELDS = (("cql_version", CQL_VERSION, TEXT), ("compression", CQL_COMPRESSION, TEXT), ("driver", CQL_DRIVER, TEXT),
           ("driver_version", CQL_DRIVER_VERSION, TEXT), ("keyspace", CQL_KEYSPACE, TEXT),
           ("authenticator", CQL_AUTHENTICATOR, TEXT), ("supported", CQL_SUPPORTED, LIST),
           ("error_code", CQL_CODE, NUMBER), ("error", CQL_ERROR, TEXT))
FACT_FIELDS = fact_fields("cassandra", _FIELDS)


def describe(facts, show_secrets: bool = False) -> dict:
    """The `cassandra` object; passwords, also those in statements, are masked unless secrets are to be shown."""
    facts = list(facts)
    known = by_key(facts)
    obj = described(facts, _FIELDS)
    if CQL_PROTOCOL in known:
        version = known[CQL_PROTOCOL][0][0]
        obj["version"] = f"DSE {version - 0x40}" if version > 0x40 else str(version)
    if CQL_INTERNODE in known:
        obj["internode"] = known[CQL_INTERNODE][0][0]
    listed(obj, "opcodes", known, CQL_OPCODE, named(_OPCODES, "opcode"))
    queries = statements(known.get(CQL_QUERY, ()), show_secrets)
    if queries:
        obj["queries"] = queries
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Cassandra shop SELECT * FROM orders"."""
    kind = "Cassandra node to node" if "internode" in obj else "Cassandra"
    return words(kind, obj.get("keyspace"), obj.get("queries", ("",))[0] or obj.get("error") or obj.get("driver"))
