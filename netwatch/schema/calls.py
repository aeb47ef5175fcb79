"""THE TABLE, the part of remote procedure calls: one line a field."""
from netwatch.schema.field import DURATION, INT, TEXT, _field

_DCERPC = (
    _field("dcerpc.interfaces", "flow", TEXT, "INTERFACES", 24, "Interfaces asked for: names, UUIDs of unknown ones.",
           "dcerpc.interface", many=True, search=True),
    _field("dcerpc.operations", "flow", TEXT, "OPERATIONS", 28, "Interfaces and operations called.",
           "dcerpc.operation", many=True, search=True),
    _field("dcerpc.calls", "flow", INT, "CALLS", 6, "Requests, first fragments only."),
    _field("dcerpc.endpoints", "flow", TEXT, "ENDPOINTS", 28, "Where the endpoint mapper says interfaces are.",
           privacy="address", many=True),
    _field("dcerpc.secondary_address", "flow", TEXT, "ADDRESS", 12, "Port or pipe that the server's bind_ack names."),
    _field("dcerpc.faults", "flow", TEXT, "FAULTS", 24, "Status of calls that failed.", many=True),
    _field("dcerpc.refused", "flow", TEXT, "REFUSED", 24, "Binds and contexts refused, and why.", many=True),
    _field("dcerpc.auth", "flow", TEXT, "AUTH", 9, "Method of the login: NTLMv1, NTLMv2, Kerberos, Schannel ..."),
    _field("dcerpc.auth_level", "flow", TEXT, "LEVEL", 16, "What the login protects, such as packet privacy."),
    _field("dcerpc.user", "flow", TEXT, "USER", 16, "User who logs in.", "login.user ntlmssp.auth.username",
           privacy="name", search=True),
    _field("dcerpc.domain", "flow", TEXT, "DOMAIN", 16, "Domain of that user.", "ntlmssp.auth.domain", privacy="name"),
    _field("dcerpc.workstation", "flow", TEXT, "HOST", 16, "Computer the login names.", "ntlmssp.auth.hostname",
           privacy="name", search=True),
    _field("dcerpc.server", "flow", TEXT, "SERVER", 16, "NetBIOS name the server gives itself.", privacy="name"),
    _field("dcerpc.server_domain", "flow", TEXT, "SDOMAIN", 16, "NetBIOS domain of the server.", privacy="name"),
    _field("dcerpc.server_dns", "flow", TEXT, "SERVER DNS", 28, "DNS name of the server.", privacy="name", search=True),
    _field("dcerpc.dns_domain", "flow", TEXT, "DNS DOMAIN", 20, "DNS domain of the server.", privacy="name"),
    _field("dcerpc.realm", "flow", TEXT, "REALM", 18, "Realm of the Kerberos ticket.", privacy="name"),
    _field("dcerpc.spn", "flow", TEXT, "SPN", 28, "Service the Kerberos ticket is for.", privacy="name"),
    _field("dcerpc.client_os", "flow", TEXT, "CLIENT OS", 12, "Version of the client's system, of its login."),
    _field("dcerpc.server_os", "flow", TEXT, "SERVER OS", 12, "Version of the server's system, of the login."),
    _field("dcerpc.latency_us", "flow", DURATION, "LATENCY", 8, "From a call to its answer.", unit="us"),
)

_RPC = tuple(field for app in ("rpc", "nfs") for field in (
    _field(f"{app}.programs", "flow", TEXT, "PROGRAMS", 20, "Programs called and their versions.",
           many=True, search=True),
    _field(f"{app}.procedures", "flow", TEXT, "PROCEDURES", 28, "Procedures called; of NFS 4 the operations.",
           many=True, search=True),
    _field(f"{app}.calls", "flow", INT, "CALLS", 6, "Calls."),
    _field(f"{app}.auth", "flow", TEXT, "AUTH", 8, "Credentials of the calls: none, sys, gss ...", many=True),
    _field(f"{app}.machine", "flow", TEXT, "MACHINE", 16, "Computer the credentials name.", privacy="name",
           search=True),
    _field(f"{app}.uid", "flow", INT, "UID", 6, "User the credentials name.", privacy="name"),
    _field(f"{app}.gid", "flow", INT, "GID", 6, "Group the credentials name.", privacy="name"),
    _field(f"{app}.ports", "flow", TEXT, "PORTS", 24, "Where the port mapper says programs are.", privacy="address",
           many=True),
    _field(f"{app}.paths", "flow", TEXT, "PATHS", 24, "File systems mounted or let go.", privacy="name", many=True,
           search=True),
    _field(f"{app}.files", "flow", TEXT, "FILES", 28, "Files asked for by name.", privacy="name", many=True,
           search=True),
    _field(f"{app}.errors", "flow", TEXT, "ERRORS", 24, "Calls that failed, and why.", many=True),
    _field(f"{app}.latency_us", "flow", DURATION, "LATENCY", 8, "From a call to its answer.", unit="us"),
))

CALLS = (*_DCERPC, *_RPC)
