"""The page of a bundle that people read first: Markdown, made of its manifest and records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netwatch.model.record import Record, look_up

MOST = 20  # lines of a table
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\|*_`[]<>#"})


def page(about: Record, summary: Record, alerts: Sequence[Record], findings: Sequence[Record],
         egress: Sequence[Record]) -> str:
    """`about`: what the manifest says of the whole."""
    return "\n".join([f"# netwatch bundle: {cell(', '.join(about['source']))}", "", *_whole(about, summary), "",
                      *_alerts(alerts), *_findings(findings), *_egress(egress), *_apps(summary)]) + "\n"


def cell(value: object) -> str:
    """A value as it may stand in a line of a table."""
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return "".join(c if c.isprintable() else "\ufffd" for c in text)[:200].translate(SPECIAL)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table; "" where it has no rows."""
    if not rows:
        return []
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads),
            *(f"| {' | '.join(map(cell, row))} |" for row in rows[:MOST]),
            *([f"| and {len(rows) - MOST:,} more |" + " |" * (len(heads) - 1)] if len(rows) > MOST else []), ""]


def _whole(about: Record, summary: Record) -> Iterator[str]:
    if "first" in summary:
        yield f"{cell(summary['first'])} to {cell(summary['last'])}, {summary['duration']:.3f} s"
    kept = "no packets are in it" if "left_out" in about else f"{about['packets']:,} packets in packets.pcapng"
    yield f"{summary['packets']:,} packets, {summary['bytes']:,} bytes; {kept}"
    flows = ", ".join(f"{count:,} {cell(kind)}" for kind, count in summary["flows"].items())
    yield f"flows: {flows or 'none'}"
    lost = {kind: count for kind, count in summary["drops"].items() if count}
    yield "lost: " + (", ".join(f"{count:,} {cell(kind)}" for kind, count in lost.items()) or "nothing")
    if "where" in about:
        yield f"only what passes `{about['where'].replace('`', '')}`"


def _alerts(alerts: Sequence[Record]) -> Iterator[str]:
    yield f"## Alerts: {len(alerts):,}"
    yield ""
    yield from table(("first", "severity", "kind", "count", "what"),
                     [(each.get("first"), each.get("severity"), each.get("kind"), each.get("count"), each.get("text"))
                      for each in alerts])


def _findings(findings: Sequence[Record]) -> Iterator[str]:
    yield f"## What went wrong: {len(findings):,}"
    yield ""
    yield from table(("since", "severity", "state", "what", "where", "process", "evidence"),
                     [(each.get("since"), each.get("severity"), each.get("state"), each.get("title"),
                       each.get("name", each.get("dst", look_up(each, "subject.host"))),
                       look_up(each, "subject.process.name"), next(iter(each.get("evidence", ())), None))
                      for each in findings])


def _egress(egress: Sequence[Record]) -> Iterator[str]:
    yield "## Who talked to whom, most bytes first"
    yield ""
    most = sorted(egress, key=lambda line: -(line.get("bytes_out", 0) + line.get("bytes_in", 0)))
    yield from table(("program", "to", "port", "protocol", "flows", "bytes out", "bytes in"),
                     [(each.get("program"), each.get("host", each.get("ip")), str(each.get("port", "")),
                       each.get("app", each.get("proto")), each["flows"], each["bytes_out"], each["bytes_in"])
                      for each in most])


def _apps(summary: Record) -> Iterator[str]:
    yield "## Protocols"
    yield ""
    rows = sorted(summary["apps"].items(), key=lambda each: (-each[1]["bytes"], each[0]))
    yield from table(("protocol", "flows", "bytes"), [(app, about["flows"], about["bytes"]) for app, about in rows])
