"""How findings say who and how much."""

from __future__ import annotations

from netwatch._fast.out.addresses import text_of
from netwatch.diagnose.contract import Subject, Totals


def host(address: bytes) -> str:
    return str(text_of(address))


def port_of(subject: Subject) -> str:
    return f"{host(subject.a)} port {subject.port}"


def ms(value: float) -> str:
    """A time given in ms, in the unit that reads best."""
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2f} ms"


def times(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def usual(totals: Totals) -> str:
    """What was usual before, or that nobody knows."""
    mean, sigma, samples = totals.usual
    if samples < 2:
        return "what is usual is not known: nothing was measured before"
    return f"usual before: {ms(mean)} ± {ms(sigma)} over {samples} samples"


def of_port(subject: Subject) -> tuple[dict[str, str | int], str]:
    """Ends and filter of what happens at a host's port."""
    return ({"dst": host(subject.a), "dport": subject.port}, f"dst == {host(subject.a)} and dport == {subject.port}")


def of_path(subject: Subject) -> tuple[dict[str, str | int], str]:
    """Ends and filter of what happens on the way between two hosts."""
    here, there = host(subject.a), host(subject.b)
    return ({"src": here, "dst": there},
            f"(src == {here} and dst == {there}) or (src == {there} and dst == {here})")


def of_host(subject: Subject) -> tuple[dict[str, str | int], str]:
    return {"dst": host(subject.a)}, f"dst == {host(subject.a)}"
