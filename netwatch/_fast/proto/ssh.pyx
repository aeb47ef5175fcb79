"""SSH over TCP (RFC 4253): both banners, what both sides offer in KEXINIT, and the host key's fingerprint.

HASSH and HASSH-server are those of the salesforce/hassh project. Packets are read until both sides have sent NEWKEYS;
what follows is encrypted, so a session that is authenticating and one at work look the same here. Of SSH 1 only the
banners are kept.
"""
import base64

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Reader, Slice, be32, reader, starts, take, take32
from netwatch._fast.flow.row cimport BIT_SEEN, OPEN_KNOWN
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, fact_number, fact_once, set_initiator,
                                           TRAIT_OPAQUE, reads, has_state)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.lines cimport (from_client, is_digit, keep_once, next_line, port_is,
                                                skip_bytes, skip_rest, smaller, wait_for, wait_more)
from netwatch._fast.proto.common.facts import FLAG, NUMBER, TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    SSH_CLIENT = 1
    SSH_SERVER = 2
    SSH_CLIENT_OFFER = 3       # the first eight name-lists of the KEXINIT (RFC 4253 section 7.1), as sent
    SSH_SERVER_OFFER = 4
    SSH_STATE = 5
    SSH_HOST_KEY = 6           # the server's public key (RFC 4253 section 6.6)
    SSH_SWAPPED = 7            # who is client turned out to be the other way round than 1 to 4 say
    SSH_IN_CLEAR = 8           # bytes of both sides up to their NEWKEYS

cdef enum:
    STATE_BANNER = 0
    STATE_KEX = 1
    STATE_AUTH = 2

cdef enum:                     # message numbers, RFC 4253 section 12, RFC 4419 section 5, RFC 5656 section 7.1
    MSG_KEXINIT = 20
    MSG_NEWKEYS = 21
    MSG_KEX_INIT = 30          # from the client, of every method
    MSG_KEX_REPLY = 31         # from the server: its key, or the group of an exchange of groups
    MSG_GEX_INIT = 32
    MSG_GEX_REPLY = 33
    MSG_GEX_REQUEST = 34

cdef enum:
    MAX_BANNER = 512           # RFC 4253 section 4.2 allows 255
    MAX_LINES_BEFORE = 32      # lines a server may send before its banner
    PACKET_HEAD = 6            # length, padding, message number
    MAX_PACKET = 262144
    MAX_READ = 35000           # RFC 4253 section 6.1
    MAX_OFFER = 3800           # bytes kept of an offer; a longer one is not kept
    MAX_KEY = 1100             # of a host key: RSA of 8192 bits fits
    COOKIE = 16
    MAX_ASKED = 64             # bytes from which on detection is decided
    PORT = 22
    LISTS = 8

cdef enum:
    BLOCK = 16                 # of AES
    MIN_SEALED = 2             # packets that follow each other: of one the lengths may agree by chance
    TAGS = 5

cdef u32* TAG = [16, 32, 64, 20, 8]     # of GCM and UMAC-128, HMAC-SHA2-256, -512, -SHA1, UMAC-64

cdef struct Ssh:
    u8 banner[2]               # 1 seen
    u8 as_client[2]            # the side was written down as the client
    u8 newkeys[2]
    u8 lines[2]
    u64 in_clear               # bytes, of the sides that have sent NEWKEYS
    bint old                   # one side speaks SSH 1 alone


cdef int are_sealed(Slice data) noexcept nogil:
    """Encrypted packets that fill the bytes, DETECT_MORE where they may: their lengths are in clear with AES-GCM (RFC
    5647 section 7.3), and where the MAC is made of what is encrypted (OpenSSH's -etm). With chacha20-poly1305 and
    others nothing shows."""
    cdef u32 at, size, i, packets
    cdef int answer = 0
    for i in range(TAGS):
        at = packets = 0
        while at + 4 < data.n:
            size = be32(data.p + at)
            if size < BLOCK or size > MAX_READ or size % BLOCK:
                break
            at += 4 + size + TAG[i]
            packets += 1
        if at == data.n and packets >= MIN_SEALED:
            return 75
        if at == data.n and packets or at > data.n and packets == 1:
            answer = DETECT_MORE
    return answer


cdef inline bint was_joined(const Look* look) noexcept nogil:
    """Was the side joined in its middle? Whose SYN was seen begins with its banner."""
    return not look.row.bits & BIT_SEEN if look.conn == NULL else look.conn.half[look.side].open != OPEN_KNOWN


cdef int detect_packet(Look* look, Slice data) noexcept nogil:
    """A packet of the key exchange in clear: whole blocks of 8, padding of 4 and more (RFC 4253 section 6)."""
    cdef u32 size, i, n
    cdef int sealed = are_sealed(data) if port_is(look, PORT) and was_joined(look) else 0
    if sealed > 0 or (sealed and data.n < MAX_ASKED):
        return sealed
    if data.n < COOKIE + PACKET_HEAD + 4:
        if data.n >= 16 and be32(data.p) == 12 and data.p[4] == 10 and data.p[5] == MSG_NEWKEYS:
            return 90
        return DETECT_MORE if data.p[0] == 0 and (data.n < 2 or data.p[1] == 0) else 0
    size = be32(data.p)
    if size > MAX_READ or size < 12 or (size + 4) % 8 or data.p[4] < 4 or data.p[4] + 2 > size:
        return 0
    if data.p[5] == MSG_NEWKEYS:
        return 90 if size == 12 and data.p[4] == 10 else 0
    if data.p[5] == MSG_KEXINIT:
        n = be32(data.p + PACKET_HEAD + COOKIE)
        for i in range(smaller(n, data.n - PACKET_HEAD - COOKIE - 4)):
            if data.p[PACKET_HEAD + COOKIE + 4 + i] <= 32 or data.p[PACKET_HEAD + COOKIE + 4 + i] > 126:
                return 0
        return 95 if 8 < n < size else 0
    if MSG_KEX_INIT <= data.p[5] <= MSG_GEX_REQUEST and port_is(look, PORT):
        return 75
    return 0


cdef int ssh_detect(Look* look, Slice data) noexcept nogil:
    """`SSH-protoversion-` (RFC 4253 section 4.2); of a flow joined later the packets of its key exchange."""
    cdef u32 n = smaller(data.n, 4)
    if data.n and data.p[0] == 0:
        return detect_packet(look, data)
    if not starts(data.p, data.n, b"SSH-", n):
        return 0
    if data.n < 8:
        return DETECT_MORE
    return 99 if is_digit(data.p[4]) and data.p[5] == c'.' and is_digit(data.p[6]) else 0


cdef int read_banner(Look* look, Ssh* ssh, Slice line) noexcept nogil:
    cdef int side = look.side
    if not starts(line.p, line.n, b"SSH-", 4):
        ssh.lines[side] += 1
        return PARSE_OK if ssh.lines[side] < MAX_LINES_BEFORE else PARSE_NOT_MINE
    ssh.banner[side] = 1
    ssh.as_client[side] = from_client(look)
    keep_once(look, SSH_CLIENT if ssh.as_client[side] else SSH_SERVER, line)
    if starts(line.p, line.n, b"SSH-1.", 6) and not starts(line.p, line.n, b"SSH-1.99", 8):
        ssh.old = True
    fact_number(look, SSH_STATE, STATE_KEX if ssh.banner[0] and ssh.banner[1] else STATE_BANNER)
    return PARSE_DONE if ssh.old and ssh.banner[0] and ssh.banner[1] else PARSE_OK


cdef int read_offer(Look* look, Ssh* ssh, const u8* p, u32 n) noexcept nogil:
    """The name-lists of a KEXINIT."""
    cdef Reader r = reader(p, n)
    cdef const u8* lists
    cdef int _i
    take(&r, COOKIE)
    lists = r.p
    for _i in range(LISTS):
        take(&r, take32(&r))
    if r.bad:
        return PARSE_MALFORMED
    if r.p - lists <= MAX_OFFER:
        fact_once(look, SSH_CLIENT_OFFER if ssh.as_client[look.side] else SSH_SERVER_OFFER, lists,
                  <u32>(r.p - lists))
    return PARSE_OK


cdef void read_key(Look* look, const u8* p, u32 n) noexcept nogil:
    """A host key: a string that begins with the name of its kind; the prime of a group does not."""
    cdef Reader r = reader(p, n)
    cdef u32 size = take32(&r), kind
    cdef const u8* key = take(&r, size)
    if key == NULL or size < 11 or size > MAX_KEY:
        return
    kind = be32(key)
    if kind >= 7 and kind < 64 and kind + 4 <= size and key[4] >= c'a' and key[4] <= c'z' and key[7] >= c'-':
        fact_once(look, SSH_HOST_KEY, key, size)


cdef void who_speaks(Look* look, Ssh* ssh, bint client) noexcept nogil:
    """A message of the key exchange tells for certain who is the client."""
    cdef u8 yes = 1
    set_initiator(look, client)
    if client != ssh.as_client[look.side]:
        fact_once(look, SSH_SWAPPED, &yes, 1)


cdef int read_packet(Look* look, Ssh* ssh, u8 kind, const u8* p, u32 n) noexcept nogil:
    """The payload after its number, and the padding."""
    if kind == MSG_KEXINIT:
        return read_offer(look, ssh, p, n)
    if kind == MSG_KEX_INIT or kind == MSG_GEX_INIT or kind == MSG_GEX_REQUEST:
        who_speaks(look, ssh, True)
    elif kind == MSG_KEX_REPLY or kind == MSG_GEX_REPLY:
        who_speaks(look, ssh, False)
        read_key(look, p, n)
    return PARSE_OK


cdef int take_packet(Look* look, Ssh* ssh, Slice data) noexcept nogil:
    """One binary packet (RFC 4253 section 6) at look.used."""
    cdef const u8* p = data.p + look.used
    cdef u32 n = data.n - look.used, size
    cdef u8 kind
    cdef int code
    if n < PACKET_HEAD:
        return wait_for(look, data, PACKET_HEAD)
    size = be32(p)
    kind = p[5]
    if size < 2 or size > MAX_PACKET:
        return PARSE_MALFORMED
    if kind == MSG_NEWKEYS:
        ssh.newkeys[look.side] = 1
        ssh.in_clear += look.offset + look.used + size + 4
        fact_number(look, SSH_STATE, STATE_AUTH)
        if ssh.newkeys[0] and ssh.newkeys[1]:
            fact_number(look, SSH_IN_CLEAR, ssh.in_clear)
        skip_rest(look, data)
        return PARSE_DONE if ssh.newkeys[0] and ssh.newkeys[1] else PARSE_OK
    if (kind == MSG_KEXINIT or (kind >= MSG_KEX_INIT and kind <= MSG_GEX_REQUEST)) and size <= MAX_READ:
        if n < size + 4:
            return wait_for(look, data, size + 4)
        code = read_packet(look, ssh, kind, p + PACKET_HEAD, size + 4 - PACKET_HEAD)
        if code != PARSE_OK:
            return code
    return skip_bytes(look, data, size + 4)


cdef int ssh_parse(Look* look, Slice data) noexcept nogil:
    cdef Ssh* ssh
    cdef Slice line
    cdef i64 step
    cdef int code
    if not has_state(look, sizeof(Ssh)):
        return PARSE_DONE
    ssh = <Ssh*>look.state[0]
    if ssh.newkeys[0] and ssh.newkeys[1]:
        return PARSE_DONE
    if look.offset == 0 and data.n and ssh.banner[look.side] == 0 and data.p[0] == 0 and was_joined(look):
        if data.n < 4:
            return wait_for(look, data, 4)
        if be32(data.p) % BLOCK == 0 and not ssh.banner[1 - look.side]:     # in clear it is 4 bytes short
            ssh.newkeys[0] = ssh.newkeys[1] = 1
            fact_number(look, SSH_STATE, STATE_AUTH)
            return PARSE_DONE
        ssh.banner[look.side] = 1
        ssh.as_client[look.side] = from_client(look)
    while look.used < data.n and look.skip == 0:
        if ssh.banner[look.side] == 0:
            step = next_line(data.p + look.used, data.n - look.used, MAX_BANNER, &line)
            if step <= 0:
                return wait_more(look, data) if step == 0 else PARSE_NOT_MINE
            look.used += <u32>step
            code = read_banner(look, ssh, line)
        elif ssh.old:
            code = skip_rest(look, data)
        else:
            code = take_packet(look, ssh, data)
        if code != PARSE_OK:
            return code
    return PARSE_OK


cdef int ssh_resync(Look* look, Slice data) noexcept nogil:
    """A packet of the key exchange, or the banner where it has not been seen."""
    cdef Ssh* ssh = <Ssh*>look.state[0]
    cdef int answer
    if ssh == NULL or ssh.old:
        return 0
    answer = begins_again(look, data, ssh_detect)
    if answer == 1 and data.p[0] == 0 and not ssh.banner[look.side]:
        ssh.banner[look.side] = 1
        ssh.as_client[look.side] = from_client(look)
    return answer if answer != 1 or data.p[0] == 0 or not ssh.banner[look.side] else 0


cdef void ssh_define(Proto* p) noexcept nogil:
    reads(p, "ssh", ON_TCP, ssh_detect, ssh_parse)
    p.first[c'S'] = p.first[0] = 1
    p.resync = ssh_resync
    p.traits = TRAIT_OPAQUE
    p.timeout = 1800


# --- describing ---

_FIELDS = (("client", SSH_CLIENT, TEXT), ("server", SSH_SERVER, TEXT), ("state", SSH_STATE, NUMBER),
           ("swapped", SSH_SWAPPED, FLAG))
FACT_FIELDS = fact_fields("ssh", _FIELDS, ("client", "server"))     # they may have to be swapped
IN_CLEAR: int = SSH_IN_CLEAR
_STATES = ("BANNER", "KEYEXCHANGE", "AUTHENTICATION")
_AEAD = ("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "AEAD_AES_128_GCM",
         "AEAD_AES_256_GCM")
# the name-lists in order (RFC 4253 section 7.1)
KEX, HOST_KEY, CIPHER_OUT, CIPHER_IN, MAC_OUT, MAC_IN, COMPRESS_OUT, COMPRESS_IN = range(8)


def _lists(raw: bytes) -> list:
    """The eight name-lists as text."""
    found = []
    at = 0
    while at + 4 <= len(raw):
        size = int.from_bytes(raw[at:at + 4], "big")
        found.append(raw[at + 4:at + 4 + size].decode("ascii", "replace"))
        at += 4 + size
    return found if len(found) == 8 else []


def _fingerprint(*lists: str) -> str:
    """MD5 of the four lists, as HASSH joins them."""
    import hashlib

    return hashlib.md5(";".join(lists).encode("ascii", "replace"), usedforsecurity=False).hexdigest()


def agreed(client: str, server: str) -> str:
    """The first of the client's algorithms that the server has too (RFC 4253 section 7.1), "" none."""
    offered = set(server.split(","))
    return next((name for name in client.split(",") if name in offered), "")


def _agreement(obj: dict, client: list, server: list) -> None:
    for key, which in (("kex", KEX), ("host_key", HOST_KEY), ("cipher_out", CIPHER_OUT), ("cipher_in", CIPHER_IN)):
        name = agreed(client[which], server[which])
        if name:
            obj[key] = name[:128]
    mac = "implicit" if obj.get("cipher_out") in _AEAD else agreed(client[MAC_OUT], server[MAC_OUT])
    if mac:
        obj["mac"] = mac[:128]
    compression = agreed(client[COMPRESS_OUT], server[COMPRESS_OUT])
    if compression and compression != "none":
        obj["compression"] = compression[:128]


def describe(facts, show_secrets: bool = False) -> dict:
    """The `ssh` object; `state` is BANNER, KEYEXCHANGE or AUTHENTICATION (which may also be what comes after it)."""
    known = dict(facts)
    obj = described(facts, _FIELDS)
    client, server = _lists(known.get(SSH_CLIENT_OFFER, b"")), _lists(known.get(SSH_SERVER_OFFER, b""))
    if obj.pop("swapped", False):
        client, server = server, client
        names = obj.pop("server", None), obj.pop("client", None)
        obj |= {key: name for key, name in zip(("client", "server"), names, strict=True) if name}
    if "state" in obj:
        obj["state"] = _STATES[min(obj["state"], 2)]
    if client and server:
        _agreement(obj, client, server)
    if client:
        obj["hassh"] = _fingerprint(client[KEX], client[CIPHER_OUT], client[MAC_OUT], client[COMPRESS_OUT])
    if server:
        obj["hassh_server"] = _fingerprint(server[KEX], server[CIPHER_IN], server[MAC_IN], server[COMPRESS_IN])
    if SSH_HOST_KEY in known:
        import hashlib

        digest = hashlib.sha256(known[SSH_HOST_KEY]).digest()
        obj["host_key_sha256"] = base64.b64encode(digest).decode().rstrip("=")
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SSH OpenSSH_9.2p1"."""
    return words("SSH", (obj.get("server") or obj.get("client") or "").partition("-")[2].partition("-")[2])
