"""The details pane: every field of one flow record, in groups, what tells most first.

First what the flow says, with the objects of its protocols, then how much it moved, how it stands, whose it is. Fields
of which nothing is known are folded away, and counted; unfolded they have a dash.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping

from netwatch._fast.term.canvas import Canvas, clip, wrap
from netwatch.model.record import Record, look_up
from netwatch.ui import format as fmt
from netwatch.ui.state import Area, State
from netwatch.ui.tabs.connections.flow_cells import minute_of
from netwatch.ui.theme import ADDRESS, BRAND, FAINT, MUTED, SELECTED, TEXT, TITLE, Glyphs
from netwatch.ui.widgets import table
from netwatch.ui.widgets.graph import spark

LABEL = 19                         # cells of the names on the left
MAX_LINES = 12                     # of one value
SPARK = 20                         # cells of a sparkline, two seconds in each

# group: (label, path or paths, how to print it). Two paths are "out" and "in".
_Row = tuple[str, str, str]
_CONNECTION: tuple[_Row, ...] = (
    ("Protocol", "proto", ""), ("State", "state", ""), ("Ended", "ended", ""), ("Source", "src sport", "endpoint"),
    ("Destination", "dst dport", "endpoint"), ("Initiator", "initiator", ""), ("Name", "name.host", ""),
    ("Name learnt via", "name.via", ""), ("Name age", "name.age_s", "s"), ("Interface", "interface", ""),
    ("VLAN", "vlan", "plain"), ("Tunnel", "tunnel", ""), ("First frame", "first", "time"),
    ("Last frame", "last", "time"), ("Frame numbers", "first_frame last_frame", "span"),
    ("Duration", "duration", "s"), ("Age", "age_s", "s"), ("Idle", "idle_s", "s"),
    ("Idle limit", "staleness", "share"), ("Flow number", "id", "plain"),
    ("Community ID", "community_id", ""),
)
_TRAFFIC: tuple[_Row, ...] = (
    ("Rate", "rate_out rate_in", "rate"), ("Peak", "peak_out peak_in", "rate"),
    ("Packets", "packets_out packets_in", ""), ("Bytes", "bytes_out bytes_in", "size"),
    ("Payload", "payload_out payload_in", "size"), ("Out, last 40 s", "minute", "up"),
    ("In, last 40 s", "minute", "down"),
)
_APPLICATION: tuple[_Row, ...] = (
    ("App", "app", ""), ("Stack", "app_stack", ""), ("Confidence", "confidence", "%"),
    ("Service by port", "service", ""), ("Summary", "label", ""), ("Decrypted", "decrypted", ""),
    ("Decrypt keys", "decrypt.keys", ""), ("Decrypted bytes", "decrypt.bytes", "size"),
    ("Decrypt failures", "decrypt.failed", ""),
)
_TRANSPORT: tuple[_Row, ...] = (
    ("Handshake RTT", "rtt_us", "us"), ("Smoothed RTT", "srtt_us", "us"),
    ("Retransmits", "retransmits_out retransmits_in", ""), ("Out of order", "out_of_order_out out_of_order_in", ""),
    ("Duplicate ACKs", "dup_acks_out dup_acks_in", ""), ("Zero windows", "zero_windows_out zero_windows_in", ""),
    ("Fast retransmits", "fast_retransmits_out fast_retransmits_in", ""), ("Spurious", "spurious_out spurious_in", ""),
    ("Window", "window_out window_in", "size"), ("Window scale", "window_scale_out window_scale_in", ""),
    ("MSS", "mss", "B"), ("TTL", "ttl", ""), ("SACK", "sack", ""), ("TCP flags out", "tcp_flags_out", ""),
    ("TCP flags in", "tcp_flags_in", ""),
)
_PROCESS: tuple[_Row, ...] = (
    ("Program", "process.name", ""), ("PID", "process.pid", "plain"), ("Executable", "process.exe", ""),
    ("Command line", "process.cmdline", ""), ("User", "process.user", ""), ("UID", "process.uid", "plain"),
    ("Parent PID", "process.ppid", "plain"), ("Parents", "process.parents", "line"),
    ("Container", "process.container", ""), ("Pod", "process.pod", ""), ("Unit", "process.unit", ""),
    ("Found by", "process.method", ""), ("Quality", "process.quality", ""), ("Confirmed before", "process.age_s", "s"),
    ("Shared with", "process.shared_with", "plain"),
    ("Not known because", "process.unknown", ""),
)
_PLACE: tuple[_Row, ...] = (
    ("Country", "geo.country", ""), ("City", "geo.city", ""), ("AS number", "geo.asn", "plain"),
    ("Organisation", "geo.org", ""),
)
_APP = (("Application", _APPLICATION),)
_LEFT = (("Process", _PROCESS), ("Place", _PLACE))
_RIGHT = (("Traffic", _TRAFFIC), ("Connection", _CONNECTION), ("Transport", _TRANSPORT))
# of tcp_info: rates in bytes per second, windows in segments, thresholds and buffers in bytes
KERNEL_UNITS = {"pacing_rate": "rate", "delivery_rate": "rate", "max_pacing_rate": "rate", "rcv_space": "size",
                "rcv_ssthresh": "size", "snd_wnd": "size", "rcv_wnd": "size", "snd_mss": "B", "rcv_mss": "B",
                "advmss": "B", "pmtu": "B", "snd_cwnd": "segments", "snd_ssthresh": "segments",
                "unacked": "segments", "notsent_bytes": "size"}
# of the kernel's numbers, as ss(8) and tcp(7) speak of them
KERNEL_LABELS = {
    "state": "State, by number", "retransmits": "Time-outs running", "backoff": "Doubled so often",
    "rto_us": "Retransmit after", "snd_mss": "Send MSS", "rcv_mss": "Receive MSS", "unacked": "Not acknowledged",
    "lost": "Lost", "retrans": "Sent again, open", "pmtu": "Path MTU", "rcv_ssthresh": "Receive limit",
    "rtt_us": "RTT", "rttvar_us": "RTT varies by", "snd_ssthresh": "Slow start until", "snd_cwnd": "Congestion window",
    "advmss": "Advertised MSS", "reordering": "Reordering", "rcv_rtt_us": "Receiver's RTT",
    "rcv_space": "Receive space",
    "total_retrans": "Sent again in all", "pacing_rate": "Pacing rate", "bytes_acked": "Acknowledged",
    "bytes_received": "Received", "segs_out": "Segments out", "segs_in": "Segments in",
    "notsent_bytes": "Not sent yet",
    "min_rtt_us": "Least RTT", "delivery_rate": "Delivery rate", "busy_time_us": "Busy sending",
    "snd_wnd": "Send window", "rcv_wnd": "Receive window", "congestion": "Algorithm",
}
_LAST = frozenset(("tcp_info", "scope"))
UNLIMITED = (1 << 64) - 1          # what the kernel calls a pace that nothing holds back
TWO_COLUMNS_FROM = 100             # cells
_SCREEN = frozenset(("turned", "local", "local_port", "remote", "remote_port", "down", "up", "down_bytes", "up_bytes"))
_CLAIMED = _SCREEN | frozenset(path.split(".")[0] for _, rows in _APP + _LEFT + _RIGHT for _, paths, _ in rows
                               for path in paths.split())
_TITLES = {"scope": "Scope", "tcp_info": "Kernel (TCP_INFO)", "lan": "Local network", "kafka": "Kafka",
           "redis": "Redis", "modbus": "Modbus", "bacnet": "BACnet",
           "h2": "HTTP/2", "http2": "HTTP/2", "http3": "HTTP/3"}
_LETTERS = frozenset(("radius", "netbios", "icmpv6", "dhcpv6", "snmpv3", "bittorrent"))
# words of keys that are abbreviations
_WORDS = {"src": "source", "dst": "destination", "mac": "MAC", "sni": "SNI", "alpn": "ALPN", "ja3": "JA3",
          "ja3s": "JA3S", "ja4": "JA4", "ech": "ECH", "dcid": "DCID", "scid": "SCID", "kex": "key exchange",
          "hassh": "HASSH", "fqdn": "FQDN", "ip": "IP", "id": "ID", "ids": "IDs", "spn": "SPN", "os": "OS",
          "dns": "DNS", "san": "SAN", "sha256": "SHA-256", "md5": "MD5", "tls": "TLS", "gquic": "gQUIC", "url": "URL",
          "uri": "URI", "ssrc": "SSRC", "imei": "IMEI", "imsi": "IMSI", "msisdn": "MSISDN", "apn": "APN",
          "teid": "TEID", "oid": "OID", "oids": "OIDs", "spi": "SPI", "vlan": "VLAN", "rtt": "RTT", "tcp": "TCP",
          "udp": "UDP", "http": "HTTP", "sql": "SQL", "as": "AS", "ntlm": "NTLM", "uuid": "UUID", "pdu": "PDU",
          "pdus": "PDUs", "mtu": "MTU"}


def plain(value: object, how: str, glyphs: Glyphs) -> str:
    """One value as text, with its unit. "" for unknown."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        if how == "line":
            return " < ".join(f"{each['name']} ({each['pid']})" for each in value)
        return ", ".join(plain(item, how, glyphs) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item, '', glyphs)}" for key, item in value.items())
    if not isinstance(value, (int, float)):
        return fmt.local_time(str(value)) if how == "time" else str(value)
    if how == "rate":
        return fmt.rate(value) if value < UNLIMITED else "not limited"
    if how == "size":
        return f"{fmt.size(value)} ({fmt.count(int(value))} B)" if value >= 1000 else fmt.size(value)
    if how == "us":
        return fmt.micros(value, glyphs.ascii_only)
    if how == "ms":
        return fmt.micros(value * 1000, glyphs.ascii_only)
    if how == "s":
        return fmt.age(value)
    if how == "share":
        return f"{min(1.0, value) * 100:.0f} % used"      # it is looked for now and then, not at once
    if how in ("%", "B", "segments"):
        return f"{value} {how}"
    if how == "plain" or isinstance(value, float):
        return str(value)
    return fmt.count(value)


def _value(record: Record, paths: str, how: str, glyphs: Glyphs) -> str:
    names = paths.split()
    values = [look_up(record, name) for name in names]
    if len(names) == 2 and how not in ("endpoint", "span") and record.get("turned"):
        values.reverse()                           # out is what this machine sends
    if how in ("up", "down"):
        recent = minute_of(record, how == "down")
        return f"{glyphs.side}{spark(recent, SPARK, None, glyphs)}{glyphs.side}" if recent else ""
    if how == "span":
        return " to ".join(str(value) for value in values if value is not None)
    if how == "endpoint":
        return "" if values[0] is None else fmt.endpoint(str(values[0]), values[1])
    if len(names) == 2:
        if values == [None, None]:
            return ""
        out, into = (plain(value, how.replace("size", ""), glyphs) or glyphs.none for value in values)
        if how == "size":
            out, into = (fmt.size(value) or glyphs.none for value in values)
        return f"{out} out, {into} in"
    return plain(values[0], how, glyphs)


def _protocol_rows(value: object, prefix: str, glyphs: Glyphs,
                   labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every leaf below an object of a protocol, under its label; some keys have `labels` of their own. Objects go at
    most three deep, deeper ones become one line."""
    if not isinstance(value, dict) or prefix.count(" ") >= 3:
        yield label_of(prefix or "value"), plain(value, _unit_of(prefix), glyphs)
        return
    for key, item in value.items():
        label = f"{prefix} {key}".strip()
        if isinstance(item, dict):
            yield from _protocol_rows(item, label, glyphs, labels)
        else:
            yield labels.get(key) or label_of(label), plain(item, _unit_of(key), glyphs)


def _unit_of(key: str) -> str:
    """How a number of that name is shown; the kernel's own names say what Linux' tcp.h says of them."""
    return KERNEL_UNITS.get(key.replace(" ", "_")) or \
        {"us": "us", "ms": "ms", "s": "s"}.get(key.rsplit("_", 1)[-1], "size" if key.endswith("bytes") else "plain")


def label_of(key: str) -> str:
    """The name of a field below an object, in words as the rest of the pane has them: "User agent", "Source MAC"."""
    for ending in ("_us", "_ms", "_s"):
        key = key.removesuffix(ending)
    words = [_WORDS.get(word, word) for word in key.replace("_", " ").split(" ")]
    return words[0][:1].upper() + " ".join(words)[1:]


def title_of(key: str) -> str:
    """What stands over the fields of an object: a protocol is written in capitals where its name is letters."""
    return _TITLES.get(key) or (key.upper() if len(key) < 6 or key in _LETTERS else label_of(key))


Line = tuple[str, str, str]        # kind, label, text; kinds: title, value, more (of the value above), none, blank


def _value_lines(label: str, text: str, width: int, glyphs: Glyphs) -> list[Line]:
    pieces = wrap(text, width - LABEL - 1, MAX_LINES) if text else []
    if not pieces:
        return [("none", label, glyphs.none)]
    return [("more" if i else "value", "" if i else label, piece) for i, piece in enumerate(pieces)]


def _group_lines(groups: tuple[tuple[str, tuple[_Row, ...]], ...], record: Record, width: int,
                 glyphs: Glyphs) -> list[Line]:
    lines: list[Line] = []
    for title, rows in groups:
        lines.append(("title", title, ""))
        for label, paths, how in rows:
            lines += _value_lines(label, _value(record, paths, how, glyphs), width, glyphs)
        lines.append(("blank", "", ""))
    return lines


def _other_lines(record: Record, width: int, glyphs: Glyphs, last: bool) -> list[Line]:
    """The objects of the protocols; with `last`, what is of the least interest: the kernel's own numbers, scopes of
    addresses, and whatever else no group claims."""
    lines: list[Line] = []
    rest = {key: value for key, value in record.items() if key not in _CLAIMED and key != "schema"}
    loose = {key: rest.pop(key) for key in list(rest) if not isinstance(rest[key], dict)}
    for key, value in rest.items():
        if (key in _LAST) != last:
            continue
        lines.append(("title", title_of(key), ""))
        for label, text in _protocol_rows(value, "", glyphs, KERNEL_LABELS if key == "tcp_info" else {}):
            lines += _value_lines(label, text, width, glyphs)
        lines.append(("blank", "", ""))
    if loose and last:
        lines.append(("title", "More", ""))
        for key, value in loose.items():
            lines += _value_lines(label_of(key), plain(value, _unit_of(key), glyphs), width, glyphs)
    return lines


def columns_of(record: Record, width: int, glyphs: Glyphs, whole: bool = False) -> list[list[Line]]:
    """The lines of the pane's one or two columns, what tells most first. Unless `whole`, fields of which nothing is
    known are left out, and how many there are is said."""
    half = width if width < TWO_COLUMNS_FROM else width // 2
    said = _group_lines(_APP, record, half, glyphs) + _other_lines(record, half, glyphs, False)
    last = _other_lines(record, half, glyphs, True)
    left, right = _group_lines(_LEFT, record, half, glyphs), _group_lines(_RIGHT, record, half, glyphs)
    columns = [said + right + left + last] if half == width else [said + left + last, right]
    return columns if whole else _folded(columns, glyphs)


def _folded(columns: list[list[Line]], glyphs: Glyphs) -> list[list[Line]]:
    """Without the lines of what is not known, and titles that stand over nothing then."""
    hidden = sum(line[0] == "none" for lines in columns for line in lines)
    found = []
    for lines in columns:
        known = [line for line in lines if line[0] != "none"]
        found.append([line for i, line in enumerate(known)
                      if line[0] != "title" or (i + 1 < len(known) and known[i + 1][0] != "blank")])
        found[-1] = [line for i, line in enumerate(found[-1])
                     if line[0] != "blank" or (i and found[-1][i - 1][0] != "blank")]
    if hidden:
        found[0].append(("title", f"{glyphs.folded} {hidden} fields not known (space)", ""))
    return found


def shown_record(state: State) -> Record | None:
    """The whole record of the selected flow; until it has come, what its row says."""
    record, chosen = state.snapshot.record, state.table.selected
    if record is not None and record.get("id") == chosen:
        return {**(state.table.record or {}), **record}
    return state.table.record


def values_of(columns: list[list[Line]]) -> list[tuple[int, int, str, str]]:
    """(column, line, label, text) of every value, those that go over several lines put together again."""
    found: list[tuple[int, int, str, str]] = []
    for place, lines in enumerate(columns):
        for line, (kind, label, text) in enumerate(lines):
            if kind == "value":
                found.append((place, line, label, text))
            elif kind == "more":
                found[-1] = (*found[-1][:3], found[-1][3] + text)
    return found


def values_shown(area: Area, state: State) -> list[tuple[int, int, str, str]]:
    """As values_of(), of the record in the pane."""
    record = shown_record(state)
    return [] if record is None else values_of(columns_of(record, area.width - 3, state.glyphs, state.details_whole))


def lowest_top(area: Area, state: State) -> int:
    """The furthest the pane can be scrolled."""
    record = shown_record(state)
    if record is None:
        return 0
    columns = columns_of(record, area.width - 3, state.glyphs, state.details_whole)
    return max(0, max(len(lines) for lines in columns) - (area.height - 1))


def draw(canvas: Canvas, area: Area, state: State) -> None:
    """The pane: a title line, then the part of the lines that is scrolled to."""
    glyphs, record = state.glyphs, shown_record(state)
    beside = area.x > state.body.x
    if not beside:
        canvas.fill(area.y, area.x, 1, area.width, glyphs.rule, FAINT)
    if record is None:
        canvas.put(area.y, area.x + 1, " Details ", TITLE)
        canvas.put(area.y + 1, area.x + 1, "No flow is selected.", MUTED)
        return
    heading = f" Flow {record['id']}  {_value(record, 'src sport', 'endpoint', glyphs)} {glyphs.arrow} " \
              f"{_value(record, 'dst dport', 'endpoint', glyphs)} "
    canvas.put(area.y, area.x + (0 if beside else 1), clip(heading, area.width - 3, glyphs.ellipsis), TITLE)
    columns = columns_of(record, area.width - 3, glyphs, state.details_whole)
    rows = Area(area.y + 1, area.x, area.height - 1, area.width)
    longest = max(len(lines) for lines in columns)
    top = max(0, min(state.details_top, longest - rows.height))
    width = (area.width - 3) // len(columns)
    for place, lines in enumerate(columns):
        part = rows._replace(x=rows.x + 1 + place * width, width=width)
        _draw_lines(canvas, part, lines[top:top + rows.height], glyphs)
    values = values_of(columns)
    if state.details_field is not None and state.details_field < len(values):
        place, line, _, _ = values[state.details_field]
        if top <= line < top + rows.height:
            canvas.restyle(rows.y + line - top, rows.x + 1 + place * width, width, SELECTED)
            canvas.put(rows.y + line - top, rows.x + place * width + 1, glyphs.bar, TITLE | SELECTED)
    table.draw_scroll_bar(canvas, rows, top, longest, glyphs)


def _draw_lines(canvas: Canvas, area: Area, lines: list[Line], glyphs: Glyphs) -> None:
    for y, (kind, label, text) in enumerate(lines, area.y):
        if kind == "title":
            canvas.put(y, area.x, clip(label, area.width, glyphs.ellipsis), BRAND)
        elif kind != "blank":
            canvas.put(y, area.x + 1, clip(label, LABEL - 2, glyphs.ellipsis), MUTED)
            style = MUTED if kind == "none" else ADDRESS if label in ("Source", "Destination") else TEXT
            canvas.put(y, area.x + LABEL, text, style, area.width - LABEL)
