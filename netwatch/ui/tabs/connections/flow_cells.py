"""How the values of a flow look: small functions that turn a record into the cell of a column."""
from __future__ import annotations

from array import array
from collections.abc import Callable

from netwatch.model.record import Record, look_up
from netwatch.schema import Field, Type
from netwatch.ui import format as fmt
from netwatch.ui.theme import ADDRESS, APP, BAD, DOWN, ENDED, GOOD, MUTED, NAME, PROCESS, TEXT, UP, WARN, Glyphs
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.table import Cell

Row = Record

AGEING, STALE = 0.75, 0.90         # of the idle time after which a flow is taken to be over
_SAID_BY_THE_FLOW = ("sni", "http")
NOT_SEEN = 0xFFFFFFFF              # a second of the last minute that nobody looked at
MINUTE_CELLS = 10                  # six seconds in each
DNS_WAITS_S = 5.0                  # as long as resolvers wait before they ask again (resolv.conf(5))
SLOW_RTT_US, BAD_RTT_US = 50_000, 150_000
# protocols whose states bear their name
_SPOKEN_STATES = frozenset(("UDP", "ECHO", "ARP", "DNS", "SCTP", "QUIC", "DHCP", "DHCPV6", "NTP", "SNMP", "STUN",
                            "SSDP", "TFTP", "RADIUS", "COAP", "NETBIOS"))
BADGES = (("R", "retransmits"), ("O", "out_of_order"), ("Z", "zero_windows"))     # sign, field


def unknown(glyphs: Glyphs) -> Cell:
    return glyphs.none, MUTED


def is_group(row: Row) -> bool:
    return "key" in row


def ended_word(row: Row) -> str:
    """How a flow ended, "" while it lives."""
    ended = row.get("ended")
    if not ended:
        return ""
    return ended if isinstance(ended, str) else "ended"


def mark(row: Row, glyphs: Glyphs) -> tuple[str, int, int | None]:
    """(sign, its style, tint of the whole row or None): live, ageing, stale or ended. A flow that will be forgotten
    soon is no error: its row is dim, not red."""
    if row.get("ended"):
        return glyphs.ended, ENDED, ENDED
    staleness = row.get("staleness", 0.0)
    if staleness >= STALE:
        return glyphs.stale, WARN, MUTED
    if staleness >= AGEING:
        return glyphs.ageing, WARN, None
    return glyphs.fresh, GOOD, None


def process(row: Row, glyphs: Glyphs) -> Cell:
    owner = row.get("process") or {}
    if "name" not in owner:
        return unknown(glyphs)
    return (f"{owner['name']} {owner['pid']}" if "pid" in owner else str(owner["name"])), PROCESS


def process_brief(row: Row, glyphs: Glyphs) -> str:
    """A name is worth more than the number behind it."""
    return str((row.get("process") or {}).get("name", glyphs.none))


def _end(row: Row, name: str, side: str) -> tuple[str, int | None]:
    """(address, port) of an end; of a record that nobody looked at from here, the initiator's or the responder's."""
    if name in row:
        return str(row[name]), row.get(f"{name}_port")
    return str(row.get(side, "")), row.get(f"{side[0]}port")


def local(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.endpoint(*_end(row, "local", "src")), ADDRESS


def remote(row: Row, glyphs: Glyphs) -> Cell:
    """The name when there is one: as the flow itself gave it, or with a ~ when it is an inference (DNS, PTR). A name is
    the responder's, so there is none where the other end began the flow: an arrow says so."""
    address, port = _end(row, "remote", "dst")
    if row.get("turned"):
        return f"{glyphs.back} {fmt.endpoint(address, port)}", ADDRESS
    name = row.get("name") or {}
    if not name.get("host"):
        return fmt.endpoint(address, port), ADDRESS
    guess = "" if name.get("via") in _SAID_BY_THE_FLOW else "~"
    return f"{guess}{name['host']}" + (f":{port}" if port is not None else ""), NAME


def spoken(row: Row) -> str:
    """What the flows of a group speak, by bytes: "tls +3"."""
    app, apps = row.get("app"), row.get("apps", 1)
    return "" if not app else f"{app} +{apps - 1}" if apps > 1 else str(app)


def what(row: Row, glyphs: Glyphs) -> Cell:
    """What was recognised and said; otherwise the transport and, in brackets, what its port is registered for."""
    if is_group(row):
        return (spoken(row), APP) if row.get("app") else ("", MUTED)
    said = _said(row)
    if said:
        return said, APP
    if row.get("app"):
        return str(row["app"]).upper(), APP
    service = f" ({row['service']}?)" if row.get("service") else ""
    return f"{row.get('proto', '')}{service}", MUTED


def _said(row: Row) -> str:
    """The flow's label without the other end's name, which stands in a column of its own; but a name that was asked for
    is what a question says, and of a request the path tells more than the host does."""
    label = str(row.get("label") or "")
    host = str((row.get("name") or {}).get("host") or "")
    http, dns = row.get("http"), row.get("dns")
    if isinstance(http, dict) and http.get("path") and row.get("app") in ("http", "http2", "http3"):
        status = f" {http['status']}" if http.get("status") else ""
        return f"{http.get('method', '')} {http['path']}{status}".strip()
    if isinstance(dns, dict):
        code = dns.get("rcode")
        return f"{label} {code}" if code and code != "NOERROR" and code not in label else label
    if host and f" {host}/" in label and not row.get("turned"):
        return label.replace(f" {host}/", " /", 1)
    if host and label.endswith(f" {host}") and not row.get("turned"):
        label = label[:-len(host) - 1]
        chosen = (row.get("tls") or {}).get("alpn_chosen")
        return f"{label} {chosen}" if chosen else label
    return label


def state(row: Row, glyphs: Glyphs) -> Cell:
    if is_group(row):
        return f"{fmt.count(row.get('live', 0))} live", TEXT if row.get("live") else MUTED
    if row.get("ended"):
        return f"ended {ended_word(row)}" if ended_word(row) != "ended" else "ended", ENDED
    text = row.get("state")
    return (str(text), TEXT) if text else unknown(glyphs)


def state_in_file(row: Row, glyphs: Glyphs) -> Cell:
    """The same where nothing goes on: what did not end was open when the file did."""
    text, style = state(row, glyphs)
    return (text.replace(" live", " open") if is_group(row) else text), style


def state_brief(row: Row, glyphs: Glyphs) -> str:
    """As ss writes it; without the protocol, which stands in another column. Of a flow that is over the sign before its
    row says so: here is why."""
    if row.get("ended"):
        return ended_word(row)
    text = state(row, glyphs)[0]
    whose, _, rest = text.partition("_")
    return (rest if rest and whose in _SPOKEN_STATES else text).replace("ESTABLISHED", "ESTAB")


def rtt(row: Row, glyphs: Glyphs) -> Cell:
    value = row.get("rtt_us")
    if value is None:
        return unknown(glyphs)
    style = GOOD if value < SLOW_RTT_US else WARN if value < BAD_RTT_US else BAD
    return fmt.micros(value, glyphs.ascii_only), style


def _rate(*keys: str, style: int) -> Callable[[Row, Glyphs], Cell]:
    """`keys`: the first that the record has."""
    def cell(row: Row, glyphs: Glyphs) -> Cell:
        value = next((row[key] for key in keys if row.get(key) is not None), None)
        if value is None:
            return unknown(glyphs)
        return fmt.rate(value, per_second=False), style if value >= 0.5 else MUTED
    return cell


def _size(*keys: str) -> Callable[[Row, Glyphs], Cell]:
    def cell(row: Row, glyphs: Glyphs) -> Cell:
        value = next((row[key] for key in keys if row.get(key) is not None), None)
        return unknown(glyphs) if value is None else (fmt.size(value), TEXT)
    return cell


def down(row: Row, glyphs: Glyphs) -> Cell:
    """What comes now; where nothing will any more, when the flow is forgotten."""
    if not is_group(row) and row.get("staleness", 0.0) >= AGEING and not row.get("ended") and not both_rates(row):
        text, style = left(row, glyphs)
        return f"{text} left", style
    return _down(row, glyphs)


def down_brief(row: Row, glyphs: Glyphs) -> str:
    """In whole seconds, while these are few."""
    seconds = _left_s(row)
    if seconds is not None and seconds < 100:
        return f"{int(seconds)}s left"
    return down(row, glyphs)[0].removesuffix(" left")


_down, up = _rate("down", "rate_in", style=DOWN), _rate("up", "rate_out", style=UP)
down_bytes, up_bytes = _size("down_bytes", "bytes_in"), _size("up_bytes", "bytes_out")


def total_rate(row: Row, glyphs: Glyphs) -> Cell:
    value = both_rates(row)
    return unknown(glyphs) if value is None else \
        (fmt.rate(value, per_second=False), TEXT if value >= 0.5 else MUTED)


def both_rates(row: Row) -> float | None:
    """Bytes per second both ways, None where nobody counts them."""
    known = [row[key] for key in ("rate_out", "rate_in") if row.get(key) is not None]
    return sum(known) if known else None


def total_bytes(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.size(row.get("bytes_out", 0) + row.get("bytes_in", 0)), TEXT


def packets(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.count(row.get("packets_out", 0) + row.get("packets_in", 0)), TEXT


def both(row: Row, field: str) -> int | None:
    """Of both sides, or of all flows of a group; None where nobody counts it."""
    found = [row[key] for key in (field, f"{field}_out", f"{field}_in") if row.get(key) is not None]
    return sum(found) if found else None


def retransmits(row: Row, glyphs: Glyphs) -> Cell:
    """Only TCP counts them."""
    value = both(row, "retransmits")
    return unknown(glyphs) if value is None else (fmt.count(value), WARN if value else MUTED)


def trouble(row: Row, glyphs: Glyphs) -> Cell:
    """Badges of what went wrong, each with how often; a word where nothing went at all."""
    if row.get("proto") == "tcp" and row.get("state") in ("SYN_SENT", "SYN_RECV") and not row.get("packets_in"):
        return "no answer", BAD
    if (row.get("app") == "dns" and row.get("state") == "DNS_QUERY" and not row.get("packets_in")
            and row.get("idle_s", 0.0) >= DNS_WAITS_S):  # who asks a group (mDNS, LLMNR) may be answered by none
        return "no answer", BAD
    words = [f"{sign}{fmt.short_count(n)}" for sign, field in BADGES if (n := both(row, field))]
    if row.get("ended") == "rst" or row.get("state") == "RESET":
        words.insert(0, "reset")
    if (row.get("dns") or {}).get("rcode") in ("SERVFAIL", "REFUSED"):
        words.append(str(row["dns"]["rcode"]))
    if (row.get("quic") or {}).get("retry"):
        words.append("retry")
    return (" ".join(words), BAD if words[0] == "reset" else WARN) if words else ("", MUTED)


def trouble_brief(row: Row, glyphs: Glyphs) -> str:
    return trouble(row, glyphs)[0].replace("no answer", "silent")


def age(row: Row, glyphs: Glyphs) -> Cell:
    value = row.get("age_s")
    return unknown(glyphs) if value is None else (fmt.age(value), MUTED)


def left(row: Row, glyphs: Glyphs) -> Cell:
    """Seconds until the flow is forgotten, if nothing more comes."""
    seconds = _left_s(row)
    if seconds is None:
        return unknown(glyphs)
    return fmt.age(seconds), WARN if row["staleness"] >= AGEING else MUTED


def _left_s(row: Row) -> float | None:
    idle, share = row.get("idle_s"), row.get("staleness")
    return None if idle is None or not share else float(max(0.0, idle / share - idle))


def minute_of(row: Row, side: int) -> list[float | None]:
    """Bytes in each of the last 60 seconds, up (0) or down (1); None where nobody looked."""
    recent = row.get("minute")
    if not recent:
        return []
    seconds = array("I")
    seconds.frombytes(recent[side])
    return [None if value == NOT_SEEN else value for value in seconds]


def last_minute(row: Row, glyphs: Glyphs) -> Cell:
    """Both directions together, by the flow's own highest second; each dot is the most of three seconds."""
    each = [None if out is None or into is None else out + into
            for out, into in zip(minute_of(row, 0), minute_of(row, 1), strict=True)]
    return spark(coarse(each, 2 * MINUTE_CELLS), MINUTE_CELLS, None, glyphs), DOWN


def coarse(values: list[float | None], samples: int) -> list[float | None]:
    """So many samples: the most of the values that each stands for, None where none is known."""
    step = max(1, len(values) // samples)
    pieces = [values[at:at + step] for at in range(0, len(values), step)]
    return [max((value for value in piece if value is not None), default=None) for piece in pieces]


def value_cell(row: Row, field: Field, glyphs: Glyphs) -> Cell:
    """Any field of the table of fields, as its type has it."""
    if field.parts and not is_group(row):
        known = [value for part in field.parts if (value := look_up(row, part)) is not None]
        value = sum(known) if known else None
    else:
        value = look_up(row, field.name)
    return ("", MUTED) if value is None and is_group(row) else cell_of(value, field, glyphs)


def cell_of(value: object, field: Field, glyphs: Glyphs) -> Cell:
    """A value, None where it is not known, as the type of its field has it."""
    if value is None:
        return unknown(glyphs)
    if isinstance(value, (list, tuple)):
        return ", ".join(_word(each, field, glyphs) for each in value), TEXT
    style = MUTED if value == 0 and not isinstance(value, bool) else _STYLES.get(field.type, TEXT)
    return _word(value, field, glyphs), style


_STYLES = {Type.ADDRESS: ADDRESS, Type.TIME: MUTED}
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def _word(value: object, field: Field, glyphs: Glyphs) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, (int, float)):
        return fmt.local_time(str(value)) if field.type is Type.TIME else str(value)
    if field.type is Type.BYTES:
        return fmt.size(value)
    if field.type is Type.RATE:
        return fmt.rate(value)
    if field.type is Type.DURATION:
        return fmt.micros(value * _SECONDS.get(field.unit, 1.0) * 1e6, glyphs.ascii_only)
    if field.type is Type.INT and field.unit:
        return f"{value} {field.unit}"
    return str(value) if field.type is Type.PORT or isinstance(value, float) or field.name.endswith("id") else \
        fmt.count(value)


CELLS: dict[str, Callable[[Row, Glyphs], Cell]] = {
    "process.name": process, "local": local, "remote": remote, "what": what, "app": what, "state": state,
    "rtt_us": rtt, "down": down, "up": up, "down_bytes": down_bytes, "up_bytes": up_bytes, "rate": total_rate,
    "bytes": total_bytes, "packets": packets, "retransmits": retransmits, "trouble": trouble, "age_s": age,
    "left_s": left, "minute": last_minute,
}
