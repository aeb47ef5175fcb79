"""What users of tshark, tcpdump, jq and others type out of habit, and what does the same here."""

from __future__ import annotations

_RING = "netwatch record --ring 10x100MB keeps the newest"
_BYTES = "netwatch show FILE --frame N -x shows bytes"
_TREE = "netwatch show FILE --frame N takes frames apart"
READING = frozenset({"netwatch", "netwatch read", "netwatch stats", "netwatch show", "netwatch hosts"})
OPTIONS = {
    "-n": "addresses stay as they are unless --resolve asks for names", "-c": "--count N packets, or --limit N records",
    "-T": "--format ndjson, csv, table ...", "-e": "--fields A,B,C", "-E": "--format csv",
    "-z": "netwatch stats TOPIC FILE",
    "-V": _TREE, "-O": _TREE, "-x": _BYTES, "-X": _BYTES, "-A": "netwatch read FILE --follow ID shows what was said",
    "-o": "records go to standard output; -w FILE saves packets", "-j": "--format json", "--json": "--format json",
    "--ndjson": "--format ndjson", "--csv": "--format csv", "--jsonl": "--format ndjson", "--table": "--format table",
    "-t": "--time iso, local, epoch, relative, delta", "-s": "--set capture.snaplen=N",
    "-l": "live, each line goes out at once", "-G": "netwatch fields; for a ring of files netwatch record --ring",
    "-C": _RING, "-W": _RING, "-b": _RING, "-a": "--duration TIME, or --count N", "-D": "netwatch devices",
    "-R": "-Y EXPR; files are read twice where it needs that",
    "-S": "--sort FIELD", "-u": "--by FIELD", "-Y": "-w EXPR, or netwatch read FILE -Y EXPR",
    "--export-objects": "netwatch export --objects FOLDER FILE", "--filter": "-Y EXPR", "--display-filter": "-Y EXPR",
    "--output": "records go to standard output; -w FILE saves packets",
    "--no-resolve": "names are not asked for anyway",
    "-d": "applications are told by what they say, on any port", "-F": "the name says it: -w FILE.pcap or FILE.pcapng",
    "--head": "--limit N", "--desc": "--sort FIELD:desc", "--reverse": "--sort FIELD:desc",
    "--unique": "--by FIELD", "--distinct": "--by FIELD", "--group-by": "--by FIELD",
    "--redact": "tokens stand in records: of read, stats, hosts, diagnose; in the terminal it is --private",
    "--color": "NO_COLOR=1 turns colours off",
}
COMMANDS = {
    "extract": "export --objects FOLDER FILE", "objects": "export --objects FOLDER FILE",
    "capture": "record -i NAME", "dump": "record -i NAME", "sniff": "record -i NAME", "follow": "read FILE --follow ID",
    "filter": "read FILE -Y EXPR", "interfaces": "devices", "decode": "show FILE --frame N",
    "summary": "read FILE --what summary", "conversations": "stats conversations FILE",
    "endpoints": "stats endpoints FILE", "alerts": "read FILE --what alerts", "packets": "read FILE --what packets",
    "flows": "read FILE", "merge": "read FILE FILE -w ALL.pcapng", "processes": "stats processes FILE",
}
TOPICS = {  # tshark's -z, and what is like it here
    "io,phs": "protocols", "io,stat": "io", "conv": "conversations", "conversation": "conversations",
    "endpoint": "endpoints", "endpoints": "endpoints", "host": "hosts", "ip_hosts": "hosts", "dns": "dns",
    "http": "http", "http_req": "http", "http_srv": "http", "expert": "expert", "phs": "protocols",
}


def topic_of(word: str) -> str | None:
    """The topic of `netwatch stats` for what follows tshark's -z: `conv,tcp`, `io,stat,1`, `dns,tree`."""
    first, _, rest = word.lower().partition(",")
    return TOPICS.get(f"{first},{rest.partition(',')[0]}") or TOPICS.get(first)


def instead_of(word: str) -> str | None:
    """What does here what that option does elsewhere; several short ones may be one word."""
    if word.startswith("--"):
        return OPTIONS.get(word.partition("=")[0])
    return OPTIONS.get(word[:2])
