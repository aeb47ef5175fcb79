"""Findings as text: a page of Markdown, or a few lines each for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netwatch.model.record import Record, look_up

HEALTHY = "Nothing is wrong with what was seen."
DROPS_SHOWN = 10
PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}
NOTHING = "Nothing was seen: no packets."


def measured(health: Record) -> Iterator[str]:
    """What the diagnosis stands on; what was not measured is not well."""
    for name, about in health.items():
        if "unmeasured" in about:
            yield f"{name}: not measured, {about['unmeasured']}"
        else:
            mean = f", {about['mean_ms']} ms on average" if "mean_ms" in about else ""
            yield f"{name}: {about['samples']:,}{mean}, {about['bad']:,} bad"


def dropped(drops: Sequence[Record]) -> Iterator[str]:
    """What the kernel dropped, a line for each reason and port, the most first."""
    for each in drops[:DROPS_SHOWN]:
        process = each.get("process") or {}
        whose = f" of {process.get('name', 'process')} ({process['pid']})" if "pid" in process else ""
        proto = PROTOCOLS.get(each.get("proto", 0), f"protocol {each.get('proto', 'unknown')}")
        port = f" port {each['port']}" if "port" in each else ""
        yield (f"{each['count']:,} packet{'s' * (each['count'] != 1)}{whose}, {proto}{port}: "
               f"{each.get('meaning') or each['reason']}")
    if len(drops) > DROPS_SHOWN:
        yield f"and {len(drops) - DROPS_SHOWN} more, of fewer packets"


def summary(findings: Sequence[Record], packets: int) -> str:
    """One line."""
    if not packets:
        return NOTHING
    if not findings:
        return f"{HEALTHY} ({packets:,} packets)"
    still = sum(each["state"] in ("open", "stale") for each in findings)
    mute = sum(each.get("mute", False) for each in findings)
    return (f"{len(findings)} finding{'s' * (len(findings) != 1)}, {still} not over{f', {mute} muted' if mute else ''} "
            f"({packets:,} packets)")


def whom(finding: Record) -> str:
    """The process that it hits first, and the flow."""
    process, flow = look_up(finding, "subject.process"), look_up(finding, "subject.flow")
    words = []
    if process is not None:
        words.append(f"process {process['name']} ({process['pid']})" if "name" in process and "pid" in process
                     else f"process unknown: {process.get('unknown', 'no reason given')}")
    if flow is not None:
        words.append(f"flow {flow}")
    return ", ".join(words)


def particulars(finding: Record) -> Iterator[tuple[str, str]]:
    """What is said of a finding, line by line: its name, and it."""
    if whom(finding):
        yield "Hits", whom(finding)
    for line in finding["evidence"]:
        yield "Evidence", line
    for line in finding.get("causes", ()):
        yield "Cause", line
    yield "What to do", finding["advice"]
    yield "Over after", finding["closes_when"]


def markdown(findings: Sequence[Record], packets: int, health: Record) -> Iterator[str]:
    """Lines of a page."""
    yield "# Diagnosis"
    yield ""
    yield summary(findings, packets)
    yield ""
    yield from (f"- {line}" for line in measured(health))
    for each in findings:
        yield ""
        yield f"## {each['title']} ({each['severity']}, {each['state']})"
        yield ""
        yield f"{each['cause']}."
        yield ""
        yield f"- **Since** {each['since']}, last {each['last']}"
        yield from (f"- **{name}** {text}" for name, text in particulars(each))
        yield f"- **Its flows** `{each['filter']}`"
        for line in each.get("consequences", ()):
            yield f"- **Follows from it** {line}"


def lines(findings: Sequence[Record], packets: int, health: Record) -> Iterator[str]:
    """For a terminal."""
    yield summary(findings, packets)
    yield from (f"  {line}" for line in measured(health))
    for each in findings:
        yield ""
        yield f"{each['severity'].upper()}  {each['title']}  [{each['kind']}, {each['state']}]"
        yield f"  {each['cause']}"
        yield f"  since      {each['since']}"
        yield from (f"  {name.lower():10} {text}" for name, text in particulars(each))
        for line in each.get("consequences", ()):
            yield f"  follows    {line}"
