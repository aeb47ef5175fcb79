"""Likely causes of a finding, ranked by what was measured beside it: whether other ports of the host, and other hosts,
did well at the same time, and whether others had the same trouble. What was not measured counts neither way, and is
said.
"""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.diagnose import words
from netwatch.diagnose.contract import Subject, Totals

STRONG, LIKELY, POSSIBLE = "strong", "likely", "possible"
RANK = {STRONG: 0, LIKELY: 1, POSSIBLE: 2}
CAUSES = {  # by rule: the program at a port, its host, what all share; "" where there is none
    "server_slow": ("the program at {port}", "the host {a}, its load", "who asks, or the line that all share"),
    "refused": ("no program listens at {port}", "the services of {a} are down, or it rejects what comes",
                "a firewall on the way that rejects"),
    "no_answer": ("a firewall drops what goes to {port}", "{a} is down, or there is no way to it",
                  "the way out: line, gateway, route"),
    "handshake_slow": ("", "{a}, or the way to it", "the line that all share"),
    "dns_wait": ("", "the resolver {a}, or the way to it", "the line that all share"),
    "dns_failing": ("", "the resolver {a}, or whom it asks", "the zones that are asked for"),
}


def ranked(rule: str, subject: Subject, totals: Totals, ill: int) -> list[str]:
    """The causes, the likeliest first: "strong: what (why)". `ill`: other hosts that had the same trouble meanwhile."""
    found = sorted(_causes(rule, subject, totals, ill), key=lambda each: RANK[each[0]])
    return [f"{rank}: {what} ({why})" for rank, what, why in found]


def _causes(rule: str, subject: Subject, totals: Totals, ill: int) -> Iterator[tuple[str, str, str]]:
    if rule not in CAUSES:
        return
    program, host, shared = (text.format(port=words.port_of(subject), a=words.host(subject.a))
                             for text in CAUSES[rule])
    ports, others = totals.ports_well, totals.others_well
    near = words.times(ports, "other port") + " of the host did well meanwhile" if ports else (
        "of no other port of the host it is known that it did well")
    far = words.times(others, "port") + " of other hosts did well meanwhile" if others else (
        "of no other host it is known that it did well")
    same = f"{words.times(ill, 'other host') if ill else 'no other host'} had the same trouble"
    alone = others and not ill
    if program:
        yield STRONG if ports else LIKELY if alone or rule == "refused" else POSSIBLE, program, near
    if not ports:
        yield (LIKELY if program else STRONG) if alone else POSSIBLE, host, f"{far}, {same}"
    if ill or not (ports or others):
        yield (STRONG if ill > 1 else LIKELY) if ill and not others else POSSIBLE, shared, f"{same}, {far}"
