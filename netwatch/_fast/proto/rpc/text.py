"""What the facts of wire.pyx and nfsnames.pyx say: the describing half of ONC RPC and NFS, and their names."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import by_key, count, first, listed, micros, named, number, one_or_all, text
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

# fact keys, as in wire.pyx
PROGRAM, PROCEDURE, AUTH, MACHINE, IDS, PORT, ADDRESS, PATH, FILE, STATUS, ERROR, CALLS, LATENCY = range(1, 14)
NFS = 100003
OPERATION = 0x100              # of a COMPOUND, in the procedure's number

FACT_FIELDS: dict[str, Plain] = {}
PROGRAMS = {
    100000: "portmap", 100001: "rstat", 100002: "rusers", 100003: "nfs", 100004: "ypserv", 100005: "mount",
    100007: "ypbind", 100008: "rwall", 100009: "yppasswd", 100011: "rquota", 100012: "spray", 100017: "rexec",
    100021: "nlm", 100024: "status", 100026: "bootparam", 100028: "ypupdate", 100068: "cmsd", 100069: "ypxfr",
    100083: "ttdbserver", 100227: "nfs_acl", 150001: "pcnfs", 300019: "amd", 395180: "vxi11_async",
    395183: "vxi11_core", 395185: "vxi11_intr",
}
FLAVORS = {0: "none", 1: "sys", 2: "short", 3: "dh", 6: "gss", 390003: "krb5", 390004: "krb5i", 390005: "krb5p"}
TRANSPORTS = {6: "tcp", 17: "udp"}
# by program and version, from procedure 0 on; version 0 stands for all others
_PROCEDURES = {
    (100000, 2): "NULL SET UNSET GETPORT DUMP CALLIT",
    (100000, 0):
        "NULL SET UNSET GETADDR DUMP BCAST GETTIME UADDR2TADDR TADDR2UADDR GETVERSADDR INDIRECT GETADDRLIST "
        "GETSTAT",
    (100005, 0): "NULL MNT DUMP UMNT UMNTALL EXPORT EXPORTALL PATHCONF",
    (100003, 2):
        "NULL GETATTR SETATTR ROOT LOOKUP READLINK READ WRITECACHE WRITE CREATE REMOVE RENAME LINK SYMLINK "
        "MKDIR RMDIR READDIR STATFS",
    (100003, 3):
        "NULL GETATTR SETATTR LOOKUP ACCESS READLINK READ WRITE CREATE MKDIR SYMLINK MKNOD REMOVE RMDIR "
        "RENAME LINK READDIR READDIRPLUS FSSTAT FSINFO PATHCONF COMMIT",
    (100003, 4): "NULL COMPOUND",
    (100021, 0):
        "NULL TEST LOCK CANCEL UNLOCK GRANTED TEST_MSG LOCK_MSG CANCEL_MSG UNLOCK_MSG GRANTED_MSG TEST_RES "
        "LOCK_RES CANCEL_RES UNLOCK_RES GRANTED_RES - - - - SHARE UNSHARE NM_LOCK FREE_ALL",
    (100024, 0): "NULL STAT MON UNMON UNMON_ALL SIMU_CRASH NOTIFY",
}
PROCEDURES = {which: words.split() for which, words in _PROCEDURES.items()}
_OPERATIONS = (                 # of NFS 4, from number 3 on (RFC 7530 section 16, RFC 8881 section 18, RFC 7862)
    "ACCESS CLOSE COMMIT CREATE DELEGPURGE DELEGRETURN GETATTR GETFH LINK LOCK LOCKT LOCKU LOOKUP LOOKUPP "
    "NVERIFY OPEN OPENATTR OPEN_CONFIRM OPEN_DOWNGRADE PUTFH PUTPUBFH PUTROOTFH READ READDIR READLINK "
    "REMOVE RENAME RENEW RESTOREFH SAVEFH SECINFO SETATTR SETCLIENTID SETCLIENTID_CONFIRM VERIFY WRITE "
    "RELEASE_LOCKOWNER BACKCHANNEL_CTL BIND_CONN_TO_SESSION EXCHANGE_ID CREATE_SESSION DESTROY_SESSION "
    "FREE_STATEID GET_DIR_DELEGATION GETDEVINFO GETDEVLIST LAYOUTCOMMIT LAYOUTGET LAYOUTRETURN "
    "SECINFO_NO_NAME SEQUENCE SET_SSV TEST_STATEID WANT_DELEG DESTROY_CLIENTID RECLAIM_COMPLETE ALLOCATE "
    "COPY COPY_NOTIFY DEALLOCATE IO_ADVISE LAYOUTERROR LAYOUTSTATS OFFLOAD_CANCEL OFFLOAD_STATUS "
    "READ_PLUS SEEK WRITE_SAME CLONE GETXATTR SETXATTR LISTXATTRS REMOVEXATTR"
)
OPERATIONS = _OPERATIONS.split()
STATUS_NAMES = {                # RFC 1813 section 2.6, RFC 8881 section 15.1, without their prefixes
    1: "PERM", 2: "NOENT", 5: "IO", 6: "NXIO", 13: "ACCESS", 17: "EXIST", 18: "XDEV", 19: "NODEV", 20: "NOTDIR",
    21: "ISDIR", 22: "INVAL", 27: "FBIG", 28: "NOSPC", 30: "ROFS", 31: "MLINK", 63: "NAMETOOLONG", 66: "NOTEMPTY",
    69: "DQUOT", 70: "STALE", 10001: "BADHANDLE", 10003: "BAD_COOKIE", 10004: "NOTSUPP", 10005: "TOOSMALL",
    10006: "SERVERFAULT", 10007: "BADTYPE", 10008: "DELAY", 10009: "SAME", 10010: "DENIED", 10011: "EXPIRED",
    10012: "LOCKED", 10013: "GRACE", 10014: "FHEXPIRED", 10015: "SHARE_DENIED", 10016: "WRONGSEC",
    10017: "CLID_INUSE", 10018: "RESOURCE", 10019: "MOVED", 10020: "NOFILEHANDLE", 10021: "MINOR_VERS_MISMATCH",
    10022: "STALE_CLIENTID", 10023: "STALE_STATEID", 10024: "OLD_STATEID", 10025: "BAD_STATEID", 10026: "BAD_SEQID",
    10027: "NOT_SAME", 10028: "LOCK_RANGE", 10029: "SYMLINK", 10030: "READDIR_NOSPC", 10031: "LEASE_MOVED",
    10032: "ATTRNOTSUPP", 10033: "NO_GRACE", 10034: "RECLAIM_BAD", 10035: "RECLAIM_CONFLICT", 10036: "BADXDR",
    10037: "LOCKS_HELD", 10038: "OPENMODE", 10039: "BADOWNER", 10040: "BADCHAR", 10041: "BADNAME", 10042: "BAD_RANGE",
    10043: "LOCK_NOTSUPP", 10044: "OP_ILLEGAL", 10045: "DEADLOCK", 10046: "FILE_OPEN", 10047: "ADMIN_REVOKED",
    10048: "CB_PATH_DOWN", 10049: "BADIOMODE", 10050: "BADLAYOUT", 10051: "BAD_SESSION_DIGEST", 10052: "BADSESSION",
    10053: "BADSLOT", 10054: "COMPLETE_ALREADY", 10055: "CONN_NOT_BOUND_TO_SESSION", 10056: "DELEG_ALREADY_WANTED",
    10057: "BACK_CHAN_BUSY", 10058: "LAYOUTTRYLATER", 10059: "LAYOUTUNAVAILABLE", 10060: "NOMATCHING_LAYOUT",
    10061: "RECALLCONFLICT", 10062: "UNKNOWN_LAYOUTTYPE", 10063: "SEQ_MISORDERED", 10064: "SEQUENCE_POS",
    10065: "REQ_TOO_BIG", 10066: "REP_TOO_BIG", 10067: "REP_TOO_BIG_TO_CACHE", 10068: "RETRY_UNCACHED_REP",
    10069: "UNSAFE_COMPOUND", 10070: "TOO_MANY_OPS", 10071: "OP_NOT_IN_SESSION", 10072: "HASH_ALG_UNSUPP",
    10073: "CONN_BINDING_NOT_ENFORCED", 10074: "CLIENTID_BUSY", 10075: "PNFS_IO_HOLE", 10076: "SEQ_FALSE_RETRY",
    10077: "BAD_HIGH_SLOT", 10078: "DEADSESSION",
}
ACCEPTED = {1: "program unavailable", 2: "program version mismatch", 3: "procedure unavailable",
            4: "garbage arguments", 5: "system error"}
AUTH_ERRORS = {1: "bad credential", 2: "rejected credential", 3: "bad verifier", 4: "rejected verifier", 5: "too weak",
               13: "GSS credential problem", 14: "GSS context problem"}
program_name = named(PROGRAMS, "program")


def _program(raw: bytes) -> str:
    return f"{program_name(raw[:4])} {number(raw[4:8])}"


def _procedure(raw: bytes) -> str:
    """Such as "nfs LOOKUP"."""
    program, version, code = number(raw[:4]), raw[4], number(raw[5:7])
    operation = (code & 0xFF) - 3
    if program == NFS and code & OPERATION and 0 <= operation < len(OPERATIONS):
        return f"nfs {OPERATIONS[operation]}"
    names = PROCEDURES.get((program, version)) or PROCEDURES.get((program, 0)) or []
    return f"{program_name(raw[:4])} {names[code] if code < len(names) else f'procedure {code}'}"


def _port(raw: bytes) -> str:
    """What GETPORT told: "nfs 3 2049/tcp"."""
    transport = TRANSPORTS.get(number(raw[8:12]), str(number(raw[8:12])))
    return f"{_program(raw)} {number(raw[12:16])}/{transport}"


def _address(raw: bytes) -> str:
    """What GETADDR told (RFC 5665 section 5.2.3): the last two numbers of the address are the port's bytes."""
    host, *port = text(raw[8:]).rsplit(".", 2)
    if len(port) == 2 and all(one.isdigit() for one in port):
        return f"{_program(raw)} {host}:{int(port[0]) * 256 + int(port[1])}"
    return f"{_program(raw)} {text(raw[8:])}"


def _status(raw: bytes) -> str:
    return f"{program_name(raw[:4])} {STATUS_NAMES.get(number(raw[4:8]), f'status {number(raw[4:8])}')}"


def _error(raw: bytes) -> str:
    if raw[0] == 0:
        return ACCEPTED.get(raw[1], f"accept_stat {raw[1]}")
    return "RPC version mismatch" if raw[1] == 0 else AUTH_ERRORS.get(raw[2], f"auth_stat {raw[2]}")


def describe(facts: Iterable[tuple[int, bytes]]) -> Record:
    """The `rpc` or `nfs` object."""
    known = by_key(facts)
    obj: Record = {}
    listed(obj, "programs", known, PROGRAM, _program)
    listed(obj, "procedures", known, PROCEDURE, _procedure)
    count(obj, "calls", known, CALLS)
    listed(obj, "auth", known, AUTH, named(FLAVORS, "flavor"))
    one_or_all(obj, "machine", known, MACHINE)
    one_or_all(obj, "uid", known, IDS, lambda raw: number(raw[:4]))
    one_or_all(obj, "gid", known, IDS, lambda raw: number(raw[4:8]))
    ports: dict[str, list[str]] = {}
    listed(ports, "port", known, PORT, _port)
    listed(ports, "address", known, ADDRESS, _address)
    if ports:
        obj["ports"] = [one for some in ports.values() for one in some]
    listed(obj, "paths", known, PATH)
    listed(obj, "files", known, FILE)
    listed(obj, "errors", known, ERROR, _error)
    statuses: dict[str, list[str]] = {}
    listed(statuses, "errors", known, STATUS, _status)
    if statuses:
        obj["errors"] = [*obj.get("errors", ()), *statuses["errors"]]
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "RPC nfs 3 client-7"."""
    words = ["RPC", *obj.get("programs", ())[:1], first(obj.get("machine", ""))]
    return " ".join(word for word in words if word)
