"""SMB over TCP: facts of a flow, and what the halves share: wire.pyx (frames), smb1.pyx and smb2.pyx (messages)."""
from netwatch._fast.base.bytes cimport u8, u32, u64

cdef enum:                     # fact keys; texts are UTF-8
    SMB_HEADER = 1             # which headers were seen, 1 byte each: 1, 2, 3 for an encrypted one
    SMB_DIALECT = 2            # SMB2: the server's choice, 2 bytes little-endian
    SMB_OFFERED = 3            # SMB2: the client's, the same
    SMB_OFFERED1 = 4           # SMB1: dialect strings, in order, equal ones too
    SMB_INDEX = 5              # SMB1: which of them the server chose, 2 bytes little-endian
    SMB_COMMAND1 = 6           # 1 byte each
    SMB_COMMAND2 = 7
    SMB_SHARE = 8              # \\server\share
    SMB_FILE = 9               # opened, removed, renamed or asked for by name
    SMB_LISTED = 10            # in a directory that was read
    SMB_STATUS = 11            # NT status of severity error, 4 bytes little-endian
    SMB_SIGN_CLIENT = 12       # 1 enabled, 2 required
    SMB_SIGN_SERVER = 13
    SMB_SIGNED = 14            # present: messages were
    SMB_CIPHER = 15            # 2 bytes little-endian
    SMB_CAPABILITIES = 16      # the server's, 4 bytes little-endian
    SMB_CLIENT_GUID = 17       # 16 bytes as they stand
    SMB_SERVER_GUID = 18
    SMB_TARGET = 19            # the server's name as the client's negotiate context has it
    SMB_BOOTED = 20            # server start time, FILETIME, 8 bytes little-endian
    SMB_NATIVE_CLIENT = 21     # SMB1: operating system as the client names it
    SMB_NATIVE_SERVER = 22
    SMB_PASSWORD = 25          # in clear: the server said that it does not want it otherwise
    SMB_GUEST = 26             # 1 guest, 2 anonymous
    SMB_SIGNING = 27           # signing algorithm, 2 bytes little-endian
    SMB_COMPRESSED = 28        # present: messages were
    SMB_CAPABILITIES1 = 29     # SMB1: the server's

cdef enum:
    SMB_HEAD1 = 32             # MS-CIFS section 2.2.3.1
    SMB_HEAD2 = 64             # MS-SMB2 section 2.2.1
    SMB_FILES = 32             # names kept of a flow
    SMB_FEW = 8
    SMB_OPS = 24
    SMB_MORE_TO_COME = 0xc0000016  # NT status of a login that goes on, no error
    SMB_LISTS = 4              # directory queries remembered until they are answered

cdef struct Smb:
    u64 list_id[SMB_LISTS]     # message ids of directory queries
    u8 list_class[SMB_LISTS]   # their information class, 0 free
    u8 list_next
    u8 plain                   # SMB1: the server wants passwords in clear
    u8 offered                 # SMB1 dialects kept
    u8 sealed                  # bits of the sides that sent encrypted messages
    u8 hunting[2]              # side's message boundary is lost
    u32 hunted                 # bytes searched for it
    u32 messages
