"""Writes docs/fields.md, filter.md, protocols.md and addons.md from netwatch/schema/, the protocol files, the golden
records and the addons' classes.

    python tools/make_reference.py            write them
    python tools/make_reference.py --check    exit 1 when they are not what would be written
"""
import inspect
import json
import pathlib
import re
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from netwatch import schema  # noqa: E402
from netwatch.run import addons  # noqa: E402
from netwatch.store.settings import SETTINGS  # noqa: E402

KINDS = {"flow": "Flows", "packet": "Packets", "dns": "DNS messages", "http": "HTTP transactions",
         "tls": "TLS handshakes", "stream": "Streams", "alert": "Alerts",
         "finding": "Findings", "host": "Hosts", "process": "Programs"}
NOTE = "<!-- Written by tools/make_reference.py. Change what it reads, not this. -->\n"

FILTER = r"""# The filter language

The same text filters the terminal, `netwatch read --where`, the recorder's triggers, the agent and history.

```
port == 443 and sni contains "github"          proto tcp and not app dns
process == "firefox" or pid in {100, 200..300} src in 10.0.0.0/8 and bytes > 1MB
state == established and rtt > 200ms           host matches /(?i)\.example\.(com|org)$/
tcp.port == 443 && ip.addr == 192.0.2.1        vlan == 12 and country != "DE"
port:443 process:firefox sni:github            google
```

## Conditions

| written | true when |
|---|---|
| `field == value`, `!=`, `<`, `<=`, `>`, `>=` | the value stands so to the field's. Texts and addresses have no order |
| `field in {a, b, c..d}`, `field in 10.0.0.0/8` | it is one of them, in the range (both ends count), in the network |
| `field contains text` | the text is part of it; of a number or address, of how it is written |
| `field matches /regex/`, `~`, `=~` | RE2 finds it; case counts unless it begins with `(?i)`; `\/` is a slash |
| `field not in ...`, `not contains`, `not matches` | there is a value, and none does |
| `field:value`, `field value` | contains for text, equals for numbers and addresses, CIDR when the value is one |
| `src:192.168` | leading groups of an IPv4 address: `192.168.0.0/16` |
| `field:>value`, `field:{a, b}`, `field:/regex/` | as with the operator |
| `decrypted` | a yes/no field alone: it is yes |
| `sni`, `exists sni`, `process` | a field's name alone, or an object's: it has a value. `not app`: it has none |
| `tcp`, `icmp`, `tls`, `dns`, `ip`, `ipv6` | a protocol alone: the transport, or an application recognised |
| `bytes_in > bytes_out`, `src == dst` | two fields; texts and addresses by `==` and `!=` only |
| `bytes_in > 2 * bytes_out`, `last - first < 1s` | `+ - * /` of numbers, sizes, durations and times, see below |
| `count(dns.names) > 3`, `len(sni) > 40` | how many values a field has; the characters of a text |
| `lower(sni) matches /^api/` | a text without regard to case, of `/regex/` too |
| `dst in @office`, `sni not in @bad` | a list of the configuration, see below |
| `host A`, `net A/N`, `src host A`, `dst net A/N`, `dst port N` | as in tcpdump; `host name` is the field |
| `google`, `"a phrase"`, `/regex/` | found where fields.md says *searched*, or in an end such as `[::1]:443` |
| `10.0.0.0/8` | either address is in the network |

`and` (`&&`), `or` (`||`), `not` (`!`) and parentheses combine them. `not` binds first, then `and`, then `or`.
Conditions side by side must all hold. Words of the language and names of fields have no case. What Zeek, Suricata and
Elastic call a field (`id.orig_h`, `dest_port`, `source.ip`) is refused with its name here, and so are `in (a, b)`,
`sni == null`, `sni == *.example.com` and `upper(sni)`. What can mean one thing only is understood: a unit apart from
its number (`bytes > 1 MB`, `duration > 10 s`), the value first (`443 == port`, `1 MB < bytes_in + bytes_out`),
`portrange 80-90`, `any tcp.port == 80`, Wireshark's sets without commas (`{80 443}`) and its names of protocols
(`smb2`, `bootp`, `pgsql`).

## Rules

* A field that is absent passes no comparison, **also not `!=`**: `country != DE` is about flows whose country is
  known. `not country == DE` is true of the others too.
* Where there are several values (`port` is both ports, `vlan` every tag) one that passes is enough; `!=` asks that
  none is equal.
* Text is compared without regard to case, for the letters A to Z. Only its first 4096 bytes are looked at.
* Regular expressions are [RE2's](https://github.com/google/re2/wiki/Syntax): their time grows with the text and nothing
  else. So there are no backreferences, no look-around, no possessive repetition and no flag `x`; `\d \w \s \b` know
  ASCII only, the end of the text is `\z`, a character by its number `\x{20ac}`, and `{n,m}` goes to 1000.
* A record answers for itself; a field that packet, DNS, HTTP or TLS records have not got is asked of their flow. But
  a message is never answered for by what its flow says of another one (`rcode`, `status`, `method`, `latency`), nor a
  packet by the flow's first one (`ttl`, `tcp_flags`).
* Numbers that have names may be written: `proto == 6`, `rcode == 3`, `dns.qry.type == 28`, `tls.version == 0x0303`.
* What could never hold is an error that says what is meant: misspelt operators, ports above 65535, states that do not
  exist, Wireshark's names that have no like here, fields that the asked records have not got.
* What Wireshark's users ask of single headers is asked of packets, by its names and with its values: `eth.src`,
  `eth.type`, `vlan.id`, `ip.id`, `ip.len`, `ip.ttl`, `ip.flags.df`, `ip.frag_offset`, `ip.dsfield.dscp`, `ipv6.flow`,
  `tcp.seq` and `tcp.ack` (relative), `tcp.flags`, `tcp.flags.syn`, `tcp.len`, `udp.length`, `icmp.type`, `arp.opcode`,
  `frame.time_delta` and others: [fields.md](fields.md) lists them. They are fields to show and to order by as well, and
  stand in records of packets only where they are asked for. Of packets in tunnels the IP header is not told. Of flows
  `tcp.flags.syn == 1` and `tcp.analysis.retransmission` (and `fast_retransmission spurious_retransmission out_of_order
  duplicate_ack zero_window keep_alive lost_segment flags`) are about all their packets.
* A word between two conditions that is `and`, `or`, `not`, `contains` or `matches` with a slip of the keys (`adn`,
  `orr`, `contans`) is an error; quoted it is looked for.
* A port may be the name of a service: `tcp port http`, `port in {domain, 853}`. A value alone behind `host A`,
  `net N` or `port P` means the same once more, as in tcpdump: `src port 80 or 443`, `port (80 or 443)`.
* Wireshark's `eq ne gt lt ge le` are operators behind a field's name.
* `tcp.port` and the other names that begin with `tcp.` or `udp.` are true of that protocol only.
* `key:value` is split at the first colon only where the key is a field, so addresses and times may be written plainly.
* Quote a value that holds blanks, brackets, commas, quotes or `= < > !=`. In quotes `\"` `\'` `\\` `\n` `\t` `\r` `\0`.

## Sums

A sum stands on either side of `== != < <= > >=`; its signs stand between blanks, or `+ * /` between names and numbers.
What is put together must go together: `bytes / duration > 1MB/s` and `last - first < 200ms` do, `bytes + rtt` is an
error. Nothing is rounded. Of fields with several values any choice may pass (256 at most are tried); what cannot be
reckoned, because a field is absent or something is divided by 0, passes nothing, also not `!=`. What a record says and
what its flow says are not put into one comparison. In the terminal, names, places, owners and scopes are not compared
with other fields.

## Lists

    [lists]                                          # in the configuration
    office = ["192.0.2.0/24", "2001:db8::/32"]
    bad = ["evil.example", "t13d1516h2_8daaf6152771_b186095e22b6", "~/indicators.txt"]

`dst in @office` passes where the address is in one of the networks, `sni in @bad` where the text is one of the list's.
Of a list with items of several sorts those count that the field can have. An item that begins with `/`, `./`, `../` or
`~/` is a file with one item on each line (`#` begins a comment), beside the configuration file unless its path says
otherwise; it is read when netwatch starts. `--set lists.bad=evil.example,~/more.txt` gives one for once, and in Python
`netwatch.read(..., settings={"lists.bad": ["evil.example"]})`. A list has 10,000 items at most, a file 1 MiB.

## Values

| of | written |
|---|---|
| number, port | `12`, `0x1f`, `1.5k`, `2M` |
| bytes | `1500`, `1.5MB` (1000s: kB MB GB TB, or k M G T), `2GiB` (1024s: KiB MiB GiB TiB) |
| rate | the same, per second: `1MB/s` |
| duration | `200ms`, `1.5s`, `ns us ms s m h d`; without a unit only under the record's own name: `rtt_us > 200000` |
| time | `2026-01-02`, `2026-01-02T03:04`, `2026-01-02T03:04:05.678Z`, `...+01:00`; UTC unless said |
| address | `192.0.2.1`, `2001:db8::1`, `02:00:5e:10:00:01`, `10.0.0.0/8`, `10.0.0.1..10.0.0.9` |
| yes/no | `true`, `false`, `yes`, `no` |

A day, minute or second stands for all of it: `first == 2026-01-02` is true of the whole day.

A filter has at most 4096 characters and 512 conditions. An error names the column and, for an unknown field, the
nearest name.

## Names

"""


def table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def kind_of(field: schema.Field) -> str:
    unit = f", {field.unit}" if field.unit and field.type is not schema.Type.BYTES else ""
    return ("list of " if field.many else "") + field.type + unit


def marks(field: schema.Field, kind: str) -> str:
    said = {"sum": bool(field.parts), "searched": field.search, "asked": kind in field.asked}
    return "".join(f" *{mark}*" for mark, holds in said.items() if holds)


def fields_page() -> str:
    page = ["# Fields\n\n", NOTE, "\nEvery field of every record, in the order of the table. A key that is absent is "
            "unknown or does not apply.\nA field marked *sum* is not in the record: it is for filters, columns and "
            "sorting.\nA field marked *asked* is in the record only where it is asked for, as one key.\n"
            "A bare word of a filter is looked for in the fields marked *searched*.\n"]
    for kind, title in KINDS.items():
        rows = [(f"`{field.key(kind)}`", kind_of(field), field.help + marks(field, kind), field.privacy)
                for field in schema.fields_of(kind)]
        page.append(f"\n## {title}\n\n" + table(rows, ("key", "type", "meaning", "privacy")))
    return "".join(page)


def filter_page() -> str:
    rows = []
    for name, fields in sorted(schema.NAMES.items()):
        stands = ", ".join(f"`{field.name}`" for field in fields if field.name != name)
        own = schema.BY_NAME.get(name)
        kinds = sorted({kind for field in fields for kind in field.kinds}, key=list(KINDS).index)
        meaning = " ".join(filter(None, [own.help if own else "", f"Any of: {stands}." if stands and own else stands]))
        rows.append((f"`{name}`", fields[0].type.value, " ".join(kinds), meaning))
    return FILTER.replace("# The filter language\n", f"# The filter language\n\n{NOTE}", 1) + table(
        rows, ("name", "type", "records", "stands for"))


def first_sentence(path: pathlib.Path) -> str:
    """What a protocol's file says it is: its docstring up to the first full stop that ends a sentence."""
    text = re.search(r'"""(.*?)"""', path.read_text("utf-8"), re.S)
    words = " ".join(text[1].split()) if text else ""
    return re.split(r"(?<=[a-z)\d])\. |: (?=what|both|who)", words, maxsplit=1)[0].rstrip(".")


def captures_of() -> dict[str, list[pathlib.Path]]:
    """App name to the captures of our own whose golden records name a flow so."""
    found: dict[str, list[pathlib.Path]] = {}
    goldens = [*ROOT.glob("tests/captures/*.ndjson"), *ROOT.glob("tests/golden/*.ndjson")]
    for golden in sorted(goldens, key=lambda path: path.stem):
        records = [json.loads(line) for line in golden.read_text("utf-8").splitlines()]
        for app in {app for record in records for app in record.get("app_stack", ())}:
            found.setdefault(app, []).append(golden.with_suffix(".pcap").relative_to(ROOT))
    return found


def protocols_page() -> str:
    """Every registered protocol in the order of the table in dpi.pyx: what its file says of it, fields, captures."""
    captures = captures_of()
    table_text = (ROOT / "netwatch/_fast/dpi.pyx").read_text("utf-8")
    rows = []
    for name in re.findall(r"^enroll\((\w+)_define\)", table_text, re.M):
        home = re.search(rf"from netwatch\._fast\.proto\.([\w.]+) cimport .*\b{name}_define", table_text)
        assert home, name
        fields = ", ".join(f"`{f.name.partition('.')[2]}`" for f in schema.FIELDS if f.name.startswith(name + "."))
        seen = ", ".join(f"[{path.stem}](../{path.as_posix()})" for path in captures.get(name, ()))
        path = ROOT / "netwatch/_fast/proto" / (home[1].replace(".", "/") + ".pyx")
        rows.append((f"`{name}`", first_sentence(path), fields, seen))
    return (f"# Protocols\n\n{NOTE}\nNamed by content, on any port where the protocol allows it. The fields stand in "
            "the flow record under the\nprotocol's name; [fields.md](fields.md) explains them. The captures are our "
            "own: real programs recorded\nin a lab (`tests/captures/record.py`) and built ones (`tests/golden`), with "
            "the records netwatch makes of it.\n\n"
            "A connection joined in its middle is named by the first message that says whose it is, with less "
            "confidence\nand often only on the protocol's own port. What is encrypted after its handshake (SSH), "
            "the bytes of a file (FTP)\nand pixels (VNC) say nothing: such a flow "
            "stays without a name until something else is said. Cutting our "
            "own captures at every segment, at least 9 of 10 cuts are named\nbut for those, none wrongly "
            "(`tests/engine/test_engine_joined.py`).\n\n"
            + table(rows, ("app", "read from", "fields", "captures")))


def sentence(thing: type) -> str:
    """The first of what a class says of itself, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split()).replace("|", "\\|")


def addons_page() -> str:
    """What watches a session, from the classes themselves."""
    lines = [NOTE, "# Addons", "",
             "What watches a session, remembers, adds to records, makes some, or answers screens is an addon. "
             "[CONTRIBUTING](../CONTRIBUTING.md) says how to write one.", ""]
    for title, table in (("Reading content", addons.CONTENT), ("Adding to records", addons.RECORDS),
                         ("Of the terminal", addons.SCREENS), ("Of the user's own files", addons.USERS)):
        lines += [f"## {title}", ""]
        for name in table:
            kind = addons.find(name)
            lines += [f"**{name}**: {sentence(kind)}"]
            lines += [f"* adds {', '.join(f'`{each}`' for each in sorted(kind.adds))}"] if kind.adds else []
            lines += [f"* records `{each}`: {about}" for each, about in kind.kinds.items()]
            lines += [f"* setting `{each.key}` = {each.shown(each.default)}: {each.help}"
                      for each in (SETTINGS[f"{name}.{option.name}"] for option in kind.options)]
            lines += [f"* answers `{each.__name__}`: {sentence(each)}" for each in kind.questions]
            lines += [f"* offers: {each.text}" for each in kind.commands]
            lines += [""]
    return "\n".join(lines)


def main() -> int:
    pages = {ROOT / "docs" / "fields.md": fields_page(), ROOT / "docs" / "filter.md": filter_page(),
             ROOT / "docs" / "protocols.md": protocols_page()}
    try:
        pages[ROOT / "docs" / "addons.md"] = addons_page()
    except ModuleNotFoundError as missing:  # a protocol that was only just begun is not compiled yet
        if not str(missing.name).startswith("netwatch._fast.proto."):
            raise
    if "--check" in sys.argv[1:]:
        stale = [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
        print("\n".join(f"docs/{name} is stale: run tools/make_reference.py" for name in stale), end="")
        return bool(stale)
    for path, text in pages.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
