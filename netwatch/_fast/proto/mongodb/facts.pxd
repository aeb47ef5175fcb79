"""MongoDB over TCP: what is learnt of a flow, for the halves of its reader."""
cdef enum:                     # fact keys
    MONGO_COMMAND = 1
    MONGO_DATABASE = 2
    MONGO_COLLECTION = 3       # database.collection
    MONGO_APP = 4              # what the client calls itself
    MONGO_DRIVER = 5
    MONGO_DRIVER_VERSION = 6
    MONGO_OS = 7
    MONGO_VERSION = 8          # of the server
    MONGO_SET = 9              # its replica set
    MONGO_CODE = 10            # of the first error, 8 bytes, native order
    MONGO_ERROR = 11
    MONGO_ZIP = 12             # compressors used, 1 byte each

cdef enum:                     # opcodes
    OP_REPLY = 1
    OP_UPDATE = 2001
    OP_INSERT = 2002
    OP_QUERY = 2004
    OP_GET_MORE = 2005
    OP_DELETE = 2006
    OP_KILL_CURSORS = 2007
    OP_COMMAND = 2010          # of 3.2 to 4.0, between servers
    OP_COMMAND_REPLY = 2011
    OP_COMPRESSED = 2012
    OP_MSG = 2013
