"""THE TABLE, the part of databases: one line a field."""
from netwatch.schema.field import BOOL, INT, TEXT, _field

_APPS = ("mysql", "postgresql", "mongodb", "cassandra")
_LOGINS = tuple(field for app in _APPS for field in (
    _field(f"{app}.user", "flow", TEXT, "USER", 16, "User who logs in.", "login.user", privacy="name", search=True),
    _field(f"{app}.password", "flow", TEXT, "PASSWORD", 8, "Password sent in clear.", privacy="secret"),
    _field(f"{app}.error", "flow", TEXT, "ERROR", 32, "Message of the first error.", "db.error", privacy="name")))
_QUERIES = tuple(
    _field(f"{app}.queries", "flow", TEXT, "QUERIES", 40,
           "First different statements, each cut to 256 bytes; passwords in them are masked.",
           f"{app}.query db.query", privacy="name", many=True, search=True)
    for app in ("mysql", "postgresql", "cassandra"))

_SQL = (
    _field("mysql.version", "flow", TEXT, "SERVER", 20, "Version the server's greeting gives."),
    _field("mysql.plugin", "flow", TEXT, "PLUGIN", 22, "Authentication plugin the server offers first."),
    _field("mysql.capabilities", "flow", TEXT, "CAPABILITIES", 24, "What the server says it can do.", many=True),
    _field("mysql.auth", "flow", TEXT, "AUTH", 22, "Authentication plugin used in the end."),
    _field("mysql.login", "flow", TEXT, "LOGIN", 8, "accepted or refused."),
    _field("mysql.schema", "flow", TEXT, "SCHEMA", 16, "First schema chosen.", "db.name", privacy="name", search=True),
    _field("mysql.client", "flow", TEXT, "CLIENT", 12, "Name of the client's library."),
    _field("mysql.client_version", "flow", TEXT, "CVERSION", 10, "Version of that library."),
    _field("mysql.program", "flow", TEXT, "PROGRAM", 16, "Program that connects, as it calls itself."),
    _field("mysql.os", "flow", TEXT, "OS", 10, "Operating system of the client."),
    _field("mysql.os_user", "flow", TEXT, "OS USER", 12, "User of the client's system.", privacy="name"),
    _field("mysql.tls", "flow", BOOL, "TLS", 5, "The client switched to TLS."),
    _field("mysql.compression", "flow", TEXT, "ZIP", 5, "Compression the client asked for: zlib or zstd."),
    _field("mysql.commands", "flow", TEXT, "COMMANDS", 20, "Commands sent.", "mysql.command", many=True),
    _field("mysql.error_code", "flow", INT, "CODE", 5, "Number of the first error."),
    _field("mysql.sqlstate", "flow", TEXT, "STATE", 6, "SQL state of the first error.", "db.sqlstate"),
    _field("postgresql.version", "flow", TEXT, "SERVER", 20, "Version the server reports."),
    _field("postgresql.database", "flow", TEXT, "DATABASE", 16, "Database asked for.", "db.name", privacy="name",
           search=True),
    _field("postgresql.application", "flow", TEXT, "APPLICATION", 16, "What the client calls itself.", search=True),
    _field("postgresql.settings", "flow", TEXT, "SETTINGS", 28,
           "Other settings of the client's start and of the server's reports, name=value.", many=True),
    _field("postgresql.auth", "flow", TEXT, "AUTH", 14, "How the server wants the client to prove who it is."),
    _field("postgresql.encryption", "flow", TEXT, "ENCRYPTION", 10,
           "What came of the client's wish for encryption: tls, gssapi or refused."),
    _field("postgresql.cancel", "flow", BOOL, "CANCEL", 6, "The connection only cancels another one's query."),
    _field("postgresql.severity", "flow", TEXT, "SEVERITY", 8, "Severity of the first error."),
    _field("postgresql.sqlstate", "flow", TEXT, "STATE", 6, "SQL state of the first error.", "db.sqlstate"),
)

_OTHERS = (
    _field("mongodb.version", "flow", TEXT, "SERVER", 10, "Version the server gives when asked."),
    _field("mongodb.replica_set", "flow", TEXT, "SET", 12, "Replica set of the server."),
    _field("mongodb.commands", "flow", TEXT, "COMMANDS", 20, "Commands sent.", "mongodb.command", many=True),
    _field("mongodb.databases", "flow", TEXT, "DATABASES", 16, "Databases asked.", "mongodb.db db.name", privacy="name",
           many=True, search=True),
    _field("mongodb.collections", "flow", TEXT, "COLLECTIONS", 24, "Collections asked, database.collection.",
           "mongodb.collection", privacy="name", many=True, search=True),
    _field("mongodb.auth", "flow", TEXT, "AUTH", 14, "SASL mechanism of the login."),
    _field("mongodb.application", "flow", TEXT, "APPLICATION", 16, "What the client calls itself.", search=True),
    _field("mongodb.driver", "flow", TEXT, "DRIVER", 16, "Driver of the client."),
    _field("mongodb.driver_version", "flow", TEXT, "DVERSION", 10, "Version of that driver."),
    _field("mongodb.os", "flow", TEXT, "OS", 10, "Operating system of the client."),
    _field("mongodb.compression", "flow", TEXT, "ZIP", 8, "Compressors seen at work.", many=True),
    _field("mongodb.error_code", "flow", INT, "CODE", 6, "Number of the first error."),
    _field("cassandra.version", "flow", TEXT, "PROTOCOL", 8, "Version of the native protocol."),
    _field("cassandra.cql_version", "flow", TEXT, "CQL", 8, "Version of the language the client asks for."),
    _field("cassandra.driver", "flow", TEXT, "DRIVER", 24, "Driver of the client."),
    _field("cassandra.driver_version", "flow", TEXT, "DVERSION", 10, "Version of that driver."),
    _field("cassandra.compression", "flow", TEXT, "ZIP", 6, "Compression the client asked for."),
    _field("cassandra.keyspace", "flow", TEXT, "KEYSPACE", 16, "First keyspace chosen.", "db.name", privacy="name",
           search=True),
    _field("cassandra.authenticator", "flow", TEXT, "AUTHENTICATOR", 24, "Authenticator the server names."),
    _field("cassandra.opcodes", "flow", TEXT, "OPCODES", 24, "Kinds of message seen.", many=True),
    _field("cassandra.supported", "flow", TEXT, "OFFERS", 24, "What the server offers, name=value.", many=True),
    _field("cassandra.error_code", "flow", INT, "CODE", 6, "Number of the first error."),
    _field("cassandra.internode", "flow", INT, "NODES", 5,
           "Version of the messages between nodes, where that is what the flow is."),
)

STORES = (*_LOGINS, *_QUERIES, *_SQL, *_OTHERS)
