"""Names of SMB's commands, capabilities and the errors met most (MS-CIFS, MS-SMB2, MS-ERREF section 2.3)."""

from __future__ import annotations

COMMANDS1 = {
    0x00: "create directory", 0x01: "delete directory", 0x02: "open", 0x03: "create", 0x04: "close", 0x05: "flush",
    0x06: "delete", 0x07: "rename", 0x08: "query information", 0x09: "set information", 0x0A: "read", 0x0B: "write",
    0x0C: "lock byte range", 0x0D: "unlock byte range", 0x0E: "create temporary", 0x0F: "create new",
    0x10: "check directory", 0x11: "process exit", 0x12: "seek", 0x1A: "read raw", 0x1D: "write raw",
    0x22: "set information2", 0x23: "query information2", 0x24: "locking", 0x25: "transaction",
    0x26: "transaction secondary", 0x2B: "echo", 0x2C: "write and close", 0x2D: "open", 0x2E: "read", 0x2F: "write",
    0x32: "transaction2", 0x33: "transaction2 secondary", 0x34: "find close2", 0x70: "tree connect",
    0x71: "tree disconnect", 0x72: "negotiate", 0x73: "session setup", 0x74: "logoff", 0x75: "tree connect",
    0x80: "query information disk", 0x81: "search", 0xA0: "nt transact", 0xA1: "nt transact secondary",
    0xA2: "nt create", 0xA4: "nt cancel", 0xA5: "nt rename",
}
COMMANDS2 = dict(enumerate((
    "negotiate", "session setup", "logoff", "tree connect", "tree disconnect", "create", "close", "flush", "read",
    "write", "lock", "ioctl", "cancel", "echo", "query directory", "change notify", "query info", "set info",
    "oplock break",
)))
# MS-SMB2 section 2.2.4
CAPABILITIES = {
    0x01: "dfs", 0x02: "leasing", 0x04: "large mtu", 0x08: "multi channel", 0x10: "persistent handles",
    0x20: "directory leasing", 0x40: "encryption", 0x80: "notifications",
}
STATUSES = {
    0xC0000001: "UNSUCCESSFUL", 0xC0000002: "NOT_IMPLEMENTED", 0xC0000003: "INVALID_INFO_CLASS",
    0xC0000008: "INVALID_HANDLE", 0xC000000D: "INVALID_PARAMETER", 0xC000000E: "NO_SUCH_DEVICE",
    0xC000000F: "NO_SUCH_FILE", 0xC0000010: "INVALID_DEVICE_REQUEST", 0xC0000011: "END_OF_FILE",
    0xC0000022: "ACCESS_DENIED", 0xC0000023: "BUFFER_TOO_SMALL", 0xC0000033: "OBJECT_NAME_INVALID",
    0xC0000034: "OBJECT_NAME_NOT_FOUND", 0xC0000035: "OBJECT_NAME_COLLISION", 0xC000003A: "OBJECT_PATH_NOT_FOUND",
    0xC000003B: "OBJECT_PATH_SYNTAX_BAD", 0xC0000043: "SHARING_VIOLATION", 0xC0000054: "FILE_LOCK_CONFLICT",
    0xC0000055: "LOCK_NOT_GRANTED", 0xC0000056: "DELETE_PENDING", 0xC000005E: "NO_LOGON_SERVERS",
    0xC0000064: "NO_SUCH_USER", 0xC000006A: "WRONG_PASSWORD", 0xC000006C: "PASSWORD_RESTRICTION",
    0xC000006D: "LOGON_FAILURE", 0xC000006E: "ACCOUNT_RESTRICTION", 0xC000006F: "INVALID_LOGON_HOURS",
    0xC0000070: "INVALID_WORKSTATION", 0xC0000071: "PASSWORD_EXPIRED", 0xC0000072: "ACCOUNT_DISABLED",
    0xC000007F: "DISK_FULL", 0xC000009A: "INSUFFICIENT_RESOURCES", 0xC00000AC: "PIPE_NOT_AVAILABLE",
    0xC00000B5: "IO_TIMEOUT", 0xC00000BA: "FILE_IS_A_DIRECTORY", 0xC00000BB: "NOT_SUPPORTED",
    0xC00000BE: "BAD_NETWORK_PATH",
    0xC00000C3: "INVALID_NETWORK_RESPONSE", 0xC00000C9: "NETWORK_NAME_DELETED",
    0xC00000CA: "NETWORK_ACCESS_DENIED", 0xC00000CC: "BAD_NETWORK_NAME", 0xC0000101: "DIRECTORY_NOT_EMPTY",
    0xC0000103: "NOT_A_DIRECTORY", 0xC0000120: "CANCELLED", 0xC0000121: "CANNOT_DELETE", 0xC0000128: "FILE_CLOSED",
    0xC000015B: "LOGON_TYPE_NOT_GRANTED", 0xC0000184: "INVALID_DEVICE_STATE", 0xC0000193: "ACCOUNT_EXPIRED",
    0xC000019C: "FS_DRIVER_REQUIRED", 0xC0000203: "USER_SESSION_DELETED", 0xC0000224: "PASSWORD_MUST_CHANGE",
    0xC0000225: "NOT_FOUND", 0xC0000234: "ACCOUNT_LOCKED_OUT", 0xC0000257: "PATH_NOT_COVERED",
    0xC000035C: "NETWORK_SESSION_EXPIRED",
}
