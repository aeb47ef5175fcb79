"""What MongoDB's clients ask, in BSON or in the opcodes before OP_MSG: command, database, collection, who, with what.

Whole bodies of messages, or their first bytes; nothing here keeps state.
"""
from netwatch._fast.base.bytes cimport u8, u32, Reader, Slice, left, reader, slice_of, starts, take
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.mongodb.bson cimport (BSON_BINARY, BSON_DOCUMENT, BSON_STRING, Element, bson_document,
                                                bson_next)
from netwatch._fast.proto.common.lines cimport all_text, keep_each, keep_once, word_is
from netwatch._fast.proto.mongodb.facts cimport (MONGO_APP, MONGO_COLLECTION, MONGO_COMMAND, MONGO_DATABASE,
                                                 MONGO_DRIVER, MONGO_DRIVER_VERSION, MONGO_OS, OP_DELETE, OP_GET_MORE,
                                                 OP_INSERT, OP_QUERY, OP_UPDATE)
from netwatch._fast.proto.common.sasl cimport LOGIN_PASSWORD, LOGIN_USER, SASL_MECHANISM
from netwatch._fast.proto.common.sql cimport keep_pair, take_text

cdef enum:
    MAX_KEPT = 16
    MAX_COMMAND = 40           # letters of a command's name

cdef struct Asked:             # what a command's document says, while it is read
    Slice collection
    Slice database
    Slice mechanism
    Slice payload


cdef void take_driver(Look* look, Reader r) noexcept nogil:
    cdef Element e
    while bson_next(&r, &e):
        if e.type == BSON_STRING and word_is(e.name, b"name", 4):
            keep_once(look, MONGO_DRIVER, e.value)
        elif e.type == BSON_STRING and word_is(e.name, b"version", 7):
            keep_once(look, MONGO_DRIVER_VERSION, e.value)


cdef void keep_named(Look* look, u8 key, Reader r) noexcept nogil:
    """The text called `name` of a document."""
    cdef Element e
    while bson_next(&r, &e):
        if e.type == BSON_STRING and word_is(e.name, b"name", 4):
            keep_once(look, key, e.value)


cdef void take_client(Look* look, Reader r) noexcept nogil:
    """The client's word of itself (MongoDB handshake specification)."""
    cdef Element e
    while bson_next(&r, &e):
        if e.type == BSON_DOCUMENT and word_is(e.name, b"driver", 6):
            take_driver(look, reader(e.value.p, e.value.n))
        elif e.type == BSON_DOCUMENT and word_is(e.name, b"application", 11):
            keep_named(look, MONGO_APP, reader(e.value.p, e.value.n))
        elif e.type == BSON_DOCUMENT and word_is(e.name, b"os", 2):
            keep_named(look, MONGO_OS, reader(e.value.p, e.value.n))


cdef void take_login(Look* look, Slice mechanism, Slice payload) noexcept nogil:
    """The first answer of SASL: of PLAIN (RFC 4616) user and password, of SCRAM (RFC 5802) the user."""
    cdef Reader r = reader(payload.p, payload.n)
    cdef u32 i = 0
    keep_once(look, SASL_MECHANISM, mechanism)
    if word_is(mechanism, b"plain", 5):
        take_text(&r)
        keep_once(look, LOGIN_USER, take_text(&r))
        keep_once(look, LOGIN_PASSWORD, take_text(&r))
    elif starts(payload.p, payload.n, b"n,,n=", 5):
        while 5 + i < payload.n and payload.p[5 + i] != c',':
            i += 1
        keep_once(look, LOGIN_USER, slice_of(payload.p + 5, i))


cdef void take_speculative(Look* look, Reader r) noexcept nogil:
    """A login begun within the greeting."""
    cdef Element e
    cdef Slice mechanism = slice_of(NULL, 0)
    while bson_next(&r, &e):
        if e.type == BSON_STRING and word_is(e.name, b"mechanism", 9):
            mechanism = e.value
        elif e.type == BSON_BINARY and word_is(e.name, b"payload", 7):
            take_login(look, mechanism, e.value)


cdef void take_known(Look* look, Asked* asked, const Element* e) noexcept nogil:
    """An element of a command that says more than the command's own words."""
    if e.type == BSON_STRING:
        if word_is(e.name, b"$db", 3):
            asked.database = e.value
        elif word_is(e.name, b"collection", 10):
            asked.collection = e.value
        elif word_is(e.name, b"mechanism", 9):
            asked.mechanism = e.value
        elif word_is(e.name, b"user", 4):
            keep_once(look, LOGIN_USER, e.value)
        elif word_is(e.name, b"pwd", 3):
            keep_once(look, LOGIN_PASSWORD, e.value)
    elif e.type == BSON_BINARY and word_is(e.name, b"payload", 7):
        asked.payload = e.value
    elif e.type == BSON_DOCUMENT and word_is(e.name, b"client", 6):
        take_client(look, reader(e.value.p, e.value.n))
    elif e.type == BSON_DOCUMENT and word_is(e.name, b"speculativeauthenticate", 23):
        take_speculative(look, reader(e.value.p, e.value.n))


cdef void mongo_asked(Look* look, Reader r, Slice database) noexcept nogil:
    """A command is named by its first element, whose value, where it is a text, is the collection."""
    cdef Asked asked
    cdef Element e
    cdef bint login
    asked.collection = asked.mechanism = asked.payload = slice_of(NULL, 0)
    asked.database = database
    if not bson_next(&r, &e):
        return
    if e.type == BSON_DOCUMENT and (word_is(e.name, b"$query", 6) or word_is(e.name, b"query", 5)):
        r = reader(e.value.p, e.value.n)
        if not bson_next(&r, &e):
            return
    if e.name.n and e.name.n <= MAX_COMMAND and all_text(e.name.p, e.name.n):
        keep_each(look, MONGO_COMMAND, e.name, MAX_KEPT)
    if e.type == BSON_STRING:
        asked.collection = e.value
    login = word_is(e.name, b"saslstart", 9)
    while bson_next(&r, &e):
        take_known(look, &asked, &e)
    if login:
        take_login(look, asked.mechanism, asked.payload)
    keep_each(look, MONGO_DATABASE, asked.database, MAX_KEPT)
    keep_pair(look, MONGO_COLLECTION, asked.database, c'.', asked.collection, MAX_KEPT)


cdef void collection_asked(Look* look, u32 op, Slice database, Slice collection) noexcept nogil:
    """An opcode that is a command by itself; `query` is what OP_QUERY is called."""
    cdef const char* name = b"query"
    cdef u32 n = 5
    if op == OP_UPDATE or op == OP_INSERT or op == OP_DELETE:
        name = b"update" if op == OP_UPDATE else b"insert" if op == OP_INSERT else b"delete"
        n = 6
    elif op == OP_GET_MORE:
        name = b"getMore"
        n = 7
    keep_each(look, MONGO_COMMAND, slice_of(<const u8*>name, n), MAX_KEPT)
    keep_each(look, MONGO_DATABASE, database, MAX_KEPT)
    keep_pair(look, MONGO_COLLECTION, database, c'.', collection, MAX_KEPT)


cdef void mongo_old(Look* look, u32 op, Slice body) noexcept nogil:
    """Opcodes before OP_MSG: flags, the full name of a collection, in OP_QUERY two numbers and a document."""
    cdef Reader r = reader(body.p, body.n)
    cdef Slice name, database, collection
    cdef u32 i = 0
    take(&r, 4)
    name = take_text(&r)
    while i < name.n and name.p[i] != c'.':
        i += 1
    database = slice_of(name.p, i)
    collection = slice_of(name.p + i + 1, name.n - i - 1) if i < name.n else slice_of(name.p, 0)
    if op == OP_QUERY and word_is(collection, b"$cmd", 4):
        take(&r, 8)
        mongo_asked(look, bson_document(r.p, <u32>left(&r)), database)
        return
    collection_asked(look, op, database, collection)


cdef void mongo_command(Look* look, Slice body) noexcept nogil:
    """OP_COMMAND: database, the command's name, its document."""
    cdef Reader r = reader(body.p, body.n)
    cdef Slice database = take_text(&r)
    take_text(&r)
    mongo_asked(look, bson_document(r.p, <u32>left(&r)), database)
