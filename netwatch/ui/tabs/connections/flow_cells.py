"""The columns of the Connections tab: one line each, and the small functions that turn a flow record into a cell."""
from __future__ import annotations

from array import array
from collections.abc import Callable

from netwatch.model.record import Record
from netwatch.ui import format as fmt
from netwatch.ui.theme import ADDRESS, APP, BAD, DOWN, ENDED, GOOD, MUTED, NAME, PROCESS, TEXT, UP, WARN, Glyphs
from netwatch.ui.widgets.graph import spark
from netwatch.ui.widgets.table import Cell, Column

Row = Record

AGEING, STALE = 0.75, 0.90         # of the idle time after which a flow is taken to be over
_SAID_BY_THE_FLOW = ("sni", "http")
NOT_SEEN = 0xFFFFFFFF              # a second of the last minute that nobody looked at
MINUTE_CELLS = 30                  # two seconds in each
SLOW_RTT_US, BAD_RTT_US = 50_000, 150_000


def unknown(glyphs: Glyphs) -> Cell:
    return glyphs.none, MUTED


def ended_word(row: Row) -> str:
    """How a flow ended, "" while it lives."""
    ended = row.get("ended")
    if not ended:
        return ""
    return ended if isinstance(ended, str) else "ended"


def mark(row: Row, glyphs: Glyphs) -> tuple[str, int, int | None]:
    """(sign, its style, tint of the whole row or None): live, ageing, stale or ended."""
    if row.get("ended"):
        return glyphs.ended, ENDED, ENDED
    staleness = row.get("staleness", 0.0)
    if staleness >= STALE:
        return glyphs.stale, BAD, BAD
    if staleness >= AGEING:
        return glyphs.ageing, WARN, WARN
    return glyphs.fresh, GOOD, None


def process(row: Row, glyphs: Glyphs) -> Cell:
    owner = row.get("process") or {}
    if "name" not in owner:
        return unknown(glyphs)
    return (f"{owner['name']} ({owner['pid']})" if "pid" in owner else str(owner["name"])), PROCESS


def _of_owner(key: str) -> Callable[[Row, Glyphs], Cell]:
    """The cell of another fact of that process."""
    def cell(row: Row, glyphs: Glyphs) -> Cell:
        value = (row.get("process") or {}).get(key)
        return unknown(glyphs) if value is None else (str(value), PROCESS)
    return cell


def source(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.endpoint(str(row.get("src", "")), row.get("sport")), ADDRESS


def destination(row: Row, glyphs: Glyphs) -> Cell:
    """The name when there is one: as the flow itself gave it, or with a ~ when it is an inference (DNS, PTR)."""
    name = row.get("name") or {}
    port = row.get("dport")
    if not name.get("host"):
        return fmt.endpoint(str(row.get("dst", "")), port), ADDRESS
    guess = "" if name.get("via") in _SAID_BY_THE_FLOW else "~"
    return f"{guess}{name['host']}" + (f":{port}" if port is not None else ""), NAME


def app(row: Row, glyphs: Glyphs) -> Cell:
    """What was recognised; otherwise the transport and, in brackets, what its port is registered for."""
    label = str(row.get("label") or "")
    host = str((row.get("name") or {}).get("host") or "")
    if host and label.endswith(" " + host):
        label = label[:-len(host) - 1]           # the name stands in the next column already
    if label:
        return label, APP
    if row.get("app"):
        return str(row["app"]).upper(), APP
    service = f" ({row['service']}?)" if row.get("service") else ""
    return f"{row.get('proto', '')}{service}", MUTED


def state(row: Row, glyphs: Glyphs) -> Cell:
    if row.get("ended"):
        return f"ended {ended_word(row)}" if ended_word(row) != "ended" else "ended", ENDED
    text = row.get("state")
    return (str(text), TEXT) if text else unknown(glyphs)


def rtt(row: Row, glyphs: Glyphs) -> Cell:
    value = row.get("rtt_us")
    if value is None:
        return unknown(glyphs)
    style = GOOD if value < SLOW_RTT_US else WARN if value < BAD_RTT_US else BAD
    return fmt.micros(value, glyphs.ascii_only), style


def _rate(row: Row, key: str, style: int, glyphs: Glyphs) -> Cell:
    value = row.get(key)
    if value is None:
        return unknown(glyphs)
    return fmt.rate(value), style if value >= 0.5 else MUTED


def down(row: Row, glyphs: Glyphs) -> Cell:
    return _rate(row, "rate_in", DOWN, glyphs)


def up(row: Row, glyphs: Glyphs) -> Cell:
    return _rate(row, "rate_out", UP, glyphs)


def total_bytes(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.size(row.get("bytes_out", 0) + row.get("bytes_in", 0)), TEXT


def age(row: Row, glyphs: Glyphs) -> Cell:
    value = row.get("age_s")
    return unknown(glyphs) if value is None else (fmt.age(value), MUTED)


def _size(key: str) -> Callable[[Row, Glyphs], Cell]:
    def cell(row: Row, glyphs: Glyphs) -> Cell:
        value = row.get(key)
        return unknown(glyphs) if value is None else (fmt.size(value), TEXT)
    return cell


def packets(row: Row, glyphs: Glyphs) -> Cell:
    return fmt.count(row.get("packets_out", 0) + row.get("packets_in", 0)), TEXT


def retransmits(row: Row, glyphs: Glyphs) -> Cell:
    """Of both sides, or of all flows of a group; only TCP counts them."""
    both = [row[key] for key in ("retransmits", "retransmits_out", "retransmits_in") if row.get(key) is not None]
    return (fmt.count(sum(both)), WARN if sum(both) else MUTED) if both else unknown(glyphs)


def country(row: Row, glyphs: Glyphs) -> Cell:
    value = (row.get("geo") or {}).get("country")
    return (str(value), TEXT) if value else unknown(glyphs)


def minute_of(row: Row, side: int) -> list[float | None]:
    """Bytes in each of the last 60 seconds, from the initiator (0) or to it (1); None where nobody looked."""
    recent = row.get("minute")
    if not recent:
        return []
    seconds = array("I")
    seconds.frombytes(recent[side])
    return [None if value == NOT_SEEN else value for value in seconds]


def last_minute(row: Row, glyphs: Glyphs) -> Cell:
    """Both directions together, by the flow's own highest second."""
    both = [None if out is None or into is None else out + into
            for out, into in zip(minute_of(row, 0), minute_of(row, 1), strict=True)]
    return spark(both, MINUTE_CELLS, None, glyphs), DOWN


#      key            title          least most share right rank  cell
COLUMNS = (
    Column("process.name", "Process", 12, 26, 2, False, 70, process, tail=" (",
           help="program that owns the socket"),
    Column("src", "Source", 18, 45, 2, False, 10, source, tail=":", help="who began it"),
    Column("dst", "Destination", 19, 64, 4, False, 99, destination, tail=":",
           help="the other side; ~ marks an inferred name"),
    Column("app", "App", 11, 60, 3, False, 60, app, help="recognised protocol and what it said"),
    Column("state", "State", 11, 14, 1, False, 50, state, help="state of the protocol"),
    Column("rtt_us", "RTT", 7, 8, 1, True, 40, rtt, help="round trip of the handshake"),
    Column("rate_in", "Down", 9, 10, 1, True, 80, down, file_rank=52, help="to the one who began it, per second"),
    Column("rate_out", "Up", 9, 10, 1, True, 55, up, file_rank=51, help="from the one who began it, per second"),
    Column("bytes", "Bytes", 8, 9, 1, True, 30, total_bytes, file_rank=81, help="frame bytes, both ways"),
    Column("age_s", "Age", 7, 8, 1, True, 20, age, help="since its first frame", sort="-first"),
    Column("minute", "Last 60 s", 30, 30, 1, False, 15, last_minute, sort="rate", help="rate, second by second"),
    Column("retransmits", "Retrans", 7, 8, 1, True, 18, retransmits, extra=True, help="TCP retransmissions, both ways"),
    Column("packets", "Packets", 8, 11, 1, True, 17, packets, extra=True, help="frames, both ways"),
    Column("bytes_in", "Bytes down", 11, 11, 1, True, 29, _size("bytes_in"), extra=True,
           help="frame bytes to the one who began it"),
    Column("bytes_out", "Bytes up", 9, 9, 1, True, 28, _size("bytes_out"), extra=True,
           help="frame bytes from the one who began it"),
    Column("geo.country", "Country", 7, 7, 1, False, 19, country, extra=True, help="of the end beyond the site"),
    Column("process.user", "User", 8, 16, 1, False, 75, _of_owner("user"), extra=True, help="whose program it is"),
    Column("process.container", "Container", 12, 24, 1, False, 74, _of_owner("container"), extra=True,
           help="container the program runs in"),
    Column("process.pod", "Pod", 12, 24, 1, False, 73, _of_owner("pod"), extra=True, help="its Kubernetes pod"),
    Column("process.unit", "Unit", 12, 28, 1, False, 72, _of_owner("unit"), extra=True, help="its systemd unit"),
    Column("process.cmdline", "Command", 12, 60, 2, False, 71, _of_owner("cmdline"), extra=True,
           help="its command line"),
)
