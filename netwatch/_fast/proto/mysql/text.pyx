"""What MySQL's facts say, as the `mysql` object of a flow."""
from netwatch._fast.proto.mysql.facts cimport (MYSQL_ATTRIBUTE, MYSQL_AUTH, MYSQL_CAPS, MYSQL_CODE, MYSQL_COMMAND,
                                               MYSQL_ERROR, MYSQL_LOGIN, MYSQL_PLUGIN, MYSQL_QUERY, MYSQL_SCHEMA,
                                               MYSQL_SQLSTATE, MYSQL_TLS, MYSQL_VERSION, MYSQL_ZIP)
from netwatch._fast.proto.common.describing import by_key, listed, named, text
from netwatch._fast.proto.common.facts import FLAG, NUMBER, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl import add_login
from netwatch._fast.proto.common.sqltext import statements

COMMANDS = {0x00: "SLEEP", 0x01: "QUIT", 0x02: "INIT_DB", 0x03: "QUERY", 0x04: "FIELD_LIST", 0x05: "CREATE_DB",
            0x06: "DROP_DB", 0x07: "REFRESH", 0x08: "SHUTDOWN", 0x09: "STATISTICS", 0x0a: "PROCESS_INFO",
            0x0b: "CONNECT", 0x0c: "PROCESS_KILL", 0x0d: "DEBUG", 0x0e: "PING", 0x0f: "TIME", 0x10: "DELAYED_INSERT",
            0x11: "CHANGE_USER", 0x12: "BINLOG_DUMP", 0x13: "TABLE_DUMP", 0x14: "CONNECT_OUT", 0x15: "REGISTER_SLAVE",
            0x16: "STMT_PREPARE", 0x17: "STMT_EXECUTE", 0x18: "STMT_SEND_LONG_DATA", 0x19: "STMT_CLOSE",
            0x1a: "STMT_RESET", 0x1b: "SET_OPTION", 0x1c: "STMT_FETCH", 0x1d: "DAEMON", 0x1e: "BINLOG_DUMP_GTID",
            0x1f: "RESET_CONNECTION", 0x20: "CLONE", 0xfa: "STMT_BULK_EXECUTE", 0xfe: "MULTI"}
# what of the server's flags tells one server from another, by bit
CAPABILITIES = {5: "compress", 7: "local-files", 9: "protocol-41", 11: "tls", 13: "transactions", 15: "secure-auth",
                16: "multi-statements", 17: "multi-results", 19: "plugin-auth", 20: "attributes", 23: "session-track",
                24: "deprecate-eof", 25: "optional-metadata", 26: "compress-zstd", 27: "query-attributes",
                28: "multi-factor"}
_FIELDS = (("version", MYSQL_VERSION, TEXT), ("schema", MYSQL_SCHEMA, TEXT), ("plugin", MYSQL_PLUGIN, TEXT),
           ("tls", MYSQL_TLS, FLAG), ("error_code", MYSQL_CODE, NUMBER), ("sqlstate", MYSQL_SQLSTATE, TEXT),
           ("error", MYSQL_ERROR, TEXT))
_ATTRIBUTES = {"_client_name": "client", "_client_version": "client_version", "_os": "os", "program_name": "program",
               "os_user": "os_user"}
FACT_FIELDS = fact_fields("mysql", _FIELDS)
LOGIN_FAILED = {MYSQL_LOGIN: (b"\0",)}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `mysql` object; passwords, also those in statements, are masked unless secrets are to be shown."""
    facts = list(facts)
    known = by_key(facts)
    obj = described(facts, _FIELDS)
    flags = described(facts, (("flags", MYSQL_CAPS, NUMBER),)).get("flags", 0)
    if flags:
        obj["capabilities"] = [name for bit, name in CAPABILITIES.items() if flags >> bit & 1]
    if MYSQL_AUTH in known:
        obj["auth"] = text(known[MYSQL_AUTH][-1])
    if MYSQL_LOGIN in known:
        obj["login"] = "accepted" if known[MYSQL_LOGIN][0] == b"\1" else "refused"
    if MYSQL_ZIP in known:
        obj["compression"] = "zlib" if known[MYSQL_ZIP][0] == b"\1" else "zstd"
    for raw in known.get(MYSQL_ATTRIBUTE, ()):
        name, _, value = text(raw).partition("=")
        if name in _ATTRIBUTES and value:
            obj[_ATTRIBUTES[name]] = value
    listed(obj, "commands", known, MYSQL_COMMAND, named(COMMANDS, "command"))
    queries = statements(known.get(MYSQL_QUERY, ()), show_secrets)
    if queries:
        obj["queries"] = queries
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "MySQL app@shop SELECT 1"."""
    who = "@".join(obj[key] for key in ("user", "schema") if key in obj)
    return words("MySQL", who or obj.get("version"), obj.get("queries", ("",))[0] or obj.get("error"))
