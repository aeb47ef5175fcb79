"""Facts that deserve a look, from what was counted: each with what was measured, over what time, and what it means.

Every threshold is a constant here and stands in the text of its card. Where nothing was measured there is no card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwatch._fast.out.record import iso
from netwatch._fast.view.engineview import dns_times
from netwatch.addons.alerts import AlertMarks, words
from netwatch.addons.hosts import hosts_of
from netwatch.addons.interfaces import InterfacesAddon
from netwatch.addons.thens import Thens
from netwatch.addons.timeline import DROPS, Mark, TimelineAddon
from netwatch.detect.acknowledged import about_finding
from netwatch.diagnose.addon import Diagnose
from netwatch.diagnose.contract import EXPIRED, OPEN
from netwatch.diagnose.report import dropped
from netwatch.health.addon import Probes
from netwatch.health.watch import GATEWAY, INTERNET, RESOLVER
from netwatch.model.contract import ERROR, Addon
from netwatch.model.host import Unavailable
from netwatch.model.record import Record
from netwatch.model.session import Sign

if TYPE_CHECKING:
    from netwatch.model.contract import Run, Session

SECOND = 1_000_000_000
INFO, WARNING, CRITICAL = "info", "warning", "critical"
RANK = {CRITICAL: 0, WARNING: 1, INFO: 2}
HOSTS = 200  # looked at, those of most bytes
FEW_HOSTS = 3  # cards of one kind
FINDINGS = 20  # cards of what is wrong
DROPS_CRITICAL = 0.01  # share of frames
MALFORMED_SHARE, MALFORMED_LEAST = 0.001, 10
RESENT_SHARE, RESENT_BAD, RESENT_SEGMENTS = 0.02, 0.10, 200
DNS_SHARE, DNS_BAD, DNS_LEAST = 0.10, 0.50, 20
SLOW_DNS_US, SLOW_DNS_BAD_US, DNS_TIMED = 200_000, 1_000_000, 5
RESETS, REFUSALS, UNANSWERED = 10, 5, 5
ZERO_WINDOWS = 3
CUT_SHARE = 0.01
FAILURES = (1, 2, 4, 5)  # DNS response codes that are no answer: FORMERR, SERVFAIL, NOTIMP, REFUSED
NXDOMAIN = 3
DROPPED_LEAST = 10
ASKED_DROPS = ("no_socket", "netfilter_drop", "socket_filter", "tc_ingress", "tc_egress", "xdp",
               "bpf_cgroup_egress", "security_hook")  # as somebody wanted it, or asked for
DOWN_WAYS = {
    GATEWAY: ("The gateway does not answer", "The link to the router, or the router: cable, radio, power, address. "
              "What is behind it is not reached either."),
    INTERNET: ("The target of probes does not answer", "The router answers: it is the line behind it, or the target "
               "itself. `netwatch trace` shows how far packets come."),
    RESOLVER: ("Name servers do not answer", "Addresses are reached and names are not: the servers, or what they ask.")}


@dataclass(frozen=True)
class Card:
    """`filter`: shows the flows it is about, "" where there is none."""

    severity: str
    title: str
    measured: str
    meaning: str
    filter: str = ""
    alert: int = 0  # the number of the alert that it tells of, see addons/alerts.py
    finding: str = ""  # or the finding, by what is muted with it
    since: str = ""  # of a finding: UTC, and how it went on
    causes: tuple[str, ...] = ()
    advice: str = ""
    over: str = ""
    steps: tuple[int, ...] = ()  # how much was bad in each `step_s` seconds from then on
    step_s: int = 0


@dataclass(frozen=True)
class InsightsNow:
    """`since_ns` to `until_ns`: the packet time that counts were taken over."""

    cards: tuple[Card, ...]
    since_ns: int
    until_ns: int
    packets: int


@dataclass(frozen=True)
class Insights:
    """Over the last `window_s` seconds of packet time, 0 since the beginning. What is said of one host is always of
    all flows that are still known."""

    window_s: int = 0

    def answer(self, session: Session) -> InsightsNow:
        addon = session.get(TimelineAddon)
        found, _, _ = session.look(hosts_of(session.view, None, HOSTS))
        with session.lock:
            now = addon.mark()
            then = addon.mark_before(now.time_ns - self.window_s * SECOND) if self.window_s else None
            begun = now.engine["first_ns"] or now.time_ns  # before the first packet: nothing was counted, over no time
            since = then.time_ns if then and then.time_ns else begun
            found_wrong = [*_alerts(session, since, now.time_ns), *_findings(session, now.time_ns)]
            times = dns_times(session.engine, since)
            interfaces = [(str(each.get("name") or "the capture"), session.get(InterfacesAddon).counts.of(i))
                          for i, each in enumerate(session.source.interfaces[:64])]
        seen = _Seen(then or Mark(0, {}, {}, {}), now, max(0, now.time_ns - since) / SECOND, found, times, interfaces)
        own = session.get(InsightsAddon)
        if not addon.then:
            own.machine = (*_health(session), *_kernel_drops(session))
        cards = [*found_wrong, *own.machine]
        cards += [card for rule in RULES for card in rule(seen)]
        cards.sort(key=lambda card: RANK[card.severity])
        if not self.window_s:
            own.cards = tuple(cards)
        return InsightsNow(tuple(cards), since, now.time_ns, seen.engine("packets"))


def _alerts(session: Session, since_ns: int, until_ns: int) -> list[Card]:
    """What detectors have seen between these times, critical or a warning; neither acknowledged nor muted, and as is
    known of it now. The lock is held."""
    cards: list[Card] = []
    for number, each in session.get(AlertMarks).unseen():
        told, episode = each.told, each.episode
        if since_ns <= episode.last and episode.first <= until_ns and told.severity in (CRITICAL, WARNING):
            flows = ", ".join(map(str, episode.flows))
            facts = "; ".join(f"{key} {words(value)}" for key, value in told.evidence.items())
            cards.append(Card(told.severity, told.title, f"{told.text}; {facts}.",
                              f"An alert of {each.detector.name}. In the Timeline Enter shows all of it. a marks it as "
                              "acknowledged, m hides it and all of its kind between the same ends.",
                              f"id in {{{flows}}}" if flows else "", number))
        if len(cards) == FINDINGS:
            break
    return cards


def _findings(session: Session, until_ns: int) -> list[Card]:
    """What the rules of `netwatch diagnose` find, those that were not over by then, as is known of them now."""
    diagnose = session.find(Diagnose)
    if diagnose is None:
        return []
    bodies = ((diagnose.body(finding), finding.totals.course) for finding in diagnose.shown()
              if finding.since <= until_ns and (not finding.closed or finding.closed > until_ns))
    found = [each for each in bodies if each[0]["state"] != EXPIRED and not each[0].get("mute")][:FINDINGS]
    return [Card(each["severity"], each["title"] if each["state"] == OPEN else f"{each['title']} ({each['state']})",
                 f"{each['cause']}. {'; '.join(each['evidence'])}; told from the thresholds of {each['kind']} on.", "",
                 each["filter"], since=f"{each['since'][11:19]} UTC, last {each['last'][11:19]}",
                 causes=tuple(each.get("causes", ())), advice=each["advice"], over=each["closes_when"],
                 steps=tuple(course.steps), step_s=course.step_s, finding=about_finding(each["kind"], each))
            for each, course in found]


def _health(session: Session) -> list[Card]:
    """A way out that probes find closed."""
    probes = session.find(Probes)
    state = probes.down() if probes is not None else None
    if state is None:
        return []
    title, meaning = DOWN_WAYS[state.kind]
    since = iso(state.since_ns)[11:19]
    return [Card(CRITICAL, title, f"Three probes in a row or more were not answered, the first at {since} UTC: "
                 f"{state.reason}.", f"{meaning} Over with the first that is answered.")]


def _kernel_drops(session: Session) -> list[Card]:
    """What the kernel drops, and a reason that has words says why."""
    if not session.live:
        return []
    try:
        found = [each.record() for each in session.host.kernel_drops() if each.meaning and each.count >= DROPPED_LEAST]
    except Unavailable:
        return []
    return [Card(INFO if each["reason"] in ASKED_DROPS else WARNING, "The kernel drops packets",
                 f"{line}; told from {DROPPED_LEAST} on.",
                 "They came or were to leave, and this machine did away with them: what was sent, captured and counted "
                 "may not have been read.", f"port == {each['port']}" if "port" in each else "")
            for each, line in zip(found[:FEW_HOSTS], dropped(found), strict=False)]


@dataclass(frozen=True)
class _Seen:
    """What the rules look at."""

    then: Mark
    now: Mark
    seconds: float
    hosts: list[Record]
    dns_us: list[float]
    interfaces: list[tuple[str, dict[str, int]]]

    def engine(self, name: str) -> int:
        return int(self.now.engine[name] - self.then.engine.get(name, 0))

    def notes(self, name: str) -> int:
        return int(self.now.notes[name] - self.then.notes.get(name, 0))

    def dns_code(self, code: int) -> int:
        return int(self.now.notes["dns_codes"].get(code, 0) - self.then.notes.get("dns_codes", {}).get(code, 0))

    @property
    def over(self) -> str:
        return f"over {span(self.seconds)}"


def span(seconds: float) -> str:
    """A time in words: 12.3 s, 4 min, 2.5 h."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2g} %" if part / whole < 0.1 else f"{100 * part / whole:.0f} %"


def _drops(seen: _Seen) -> Iterator[Card]:
    for key, who in DROPS.items():
        lost = seen.now.drops.get(key, 0) - seen.then.drops.get(key, 0)
        if lost > 0:
            whole = lost + seen.engine("packets")
            yield Card(CRITICAL if lost / whole > DROPS_CRITICAL else WARNING, f"Frames were dropped by {who}",
                       f"{lost:,} of {whole:,} frames ({share(lost, whole)}) {seen.over}; critical above "
                       f"{DROPS_CRITICAL:.0%}.",
                       "What was lost is missing from every count and stream here. A capture filter, fewer interfaces "
                       "or a larger ring helps.")


def _malformed(seen: _Seen) -> Iterator[Card]:
    refused, before = seen.now.engine["rejected"], seen.then.engine.get("rejected", {})
    found = {why: n - before.get(why, 0) for why, n in refused.items() if n > before.get(why, 0)}
    total, packets = sum(found.values()), seen.engine("packets")
    if total >= MALFORMED_LEAST and packets and total / packets >= MALFORMED_SHARE:
        whys = ", ".join(f"{why} {n:,}" for why, n in sorted(found.items(), key=lambda pair: -pair[1])[:4])
        yield Card(WARNING, "Packets that could not be read",
                   f"{total:,} of {packets:,} ({share(total, packets)}) {seen.over}: {whys}; told from "
                   f"{MALFORMED_SHARE:.1%} and {MALFORMED_LEAST} on.",
                   "Broken or hostile packets, a link type that is not read, or damage on the way into the capture.")


def _resent(seen: _Seen) -> Iterator[Card]:
    total, resent = seen.notes("tcp_packets"), seen.notes("resent")
    if total >= RESENT_SEGMENTS and resent / total >= RESENT_SHARE:
        yield Card(WARNING, "TCP sends much again", f"{resent:,} of {total:,} TCP packets ({share(resent, total)}) "
                   f"{seen.over}; told from {RESENT_SHARE:.0%} of {RESENT_SEGMENTS} on.",
                   "Loss or delay on the way, or a capture that sees packets twice.", "retransmits > 0")
    bad = [host for host in seen.hosts if host["tcp_packets"] >= RESENT_SEGMENTS
           and host["resent"] / host["tcp_packets"] >= RESENT_SHARE]
    for host in sorted(bad, key=lambda host: -host["resent"] / host["tcp_packets"])[:FEW_HOSTS]:
        part = host["resent"] / host["tcp_packets"]
        yield Card(CRITICAL if part >= RESENT_BAD else WARNING, f"{host['address']} sends much again",
                   f"{host['resent']:,} of its {host['tcp_packets']:,} TCP packets ({share(part, 1)}) in {_of(host)}; "
                   f"told from {RESENT_SHARE:.0%} of {RESENT_SEGMENTS} on, critical from {RESENT_BAD:.0%}.",
                   "Its packets, or the answers to them, are lost or late on the way.",
                   f"(src == {host['address']} or dst == {host['address']}) and retransmits > 0")


def dns_failing(now: Mark, then: Mark | None) -> tuple[int, int, str]:
    """Of the responses of DNS servers between two times: those that are no answer, all of them, and how bad that is: ""
    where it is not, or there are too few to tell."""
    before: Record = then.notes if then is not None else {}
    answers = int(now.notes["dns_responses"] - before.get("dns_responses", 0))
    failed = sum(int(now.notes["dns_codes"].get(code, 0) - before.get("dns_codes", {}).get(code, 0))
                 for code in FAILURES)
    if answers < DNS_LEAST or failed / answers < DNS_SHARE:
        return failed, answers, ""
    return failed, answers, CRITICAL if failed / answers >= DNS_BAD else WARNING


def _dns(seen: _Seen) -> Iterator[Card]:
    failed, answers, severity = dns_failing(seen.now, seen.then)
    missing = seen.dns_code(NXDOMAIN)
    if severity:
        yield Card(severity, "DNS servers fail to answer",
                   f"{failed:,} of {answers:,} responses ({share(failed, answers)}) {seen.over} were FORMERR, "
                   f"SERVFAIL, NOTIMP or REFUSED; told from {DNS_SHARE:.0%} of {DNS_LEAST} on, "
                   f"critical from {DNS_BAD:.0%}.",
                   "The server cannot or will not resolve: a broken zone, DNSSEC, or a server for others.",
                   "app == dns")
    if answers >= DNS_LEAST and missing / answers >= DNS_SHARE:
        yield Card(WARNING if missing / answers >= DNS_BAD else INFO, "Many names do not exist",
                   f"{missing:,} of {answers:,} DNS responses ({share(missing, answers)}) {seen.over} were NXDOMAIN; "
                   f"told from {DNS_SHARE:.0%} of {DNS_LEAST} on, a warning from {DNS_BAD:.0%}.",
                   "Search lists and typing errors do this; so does software that makes names up.", "app == dns")
    if len(seen.dns_us) >= DNS_TIMED:
        ordered = sorted(seen.dns_us)
        middle, most = ordered[len(ordered) // 2], ordered[-1]
        if middle >= SLOW_DNS_US:
            yield Card(CRITICAL if middle >= SLOW_DNS_BAD_US else WARNING, "DNS is slow",
                       f"Half of {len(ordered):,} timed responses took {middle / 1000:.0f} ms or more, the slowest "
                       f"{most / 1000:.0f} ms, {seen.over}; told from {SLOW_DNS_US // 1000} ms of {DNS_TIMED} on, "
                       f"critical from {SLOW_DNS_BAD_US // 1000} ms.",
                       "Every connection by name waits this long first.", "app == dns")


def _of(host: Record) -> str:
    return f"{host['flows']:,} flow{'s' * (host['flows'] != 1)} still known"


def _hosts_that(count: str, least: int, verb: str, what: str, meaning: str) -> Callable[[_Seen], Iterator[Card]]:
    """A rule about hosts with at least so many of something."""
    def rule(seen: _Seen) -> Iterator[Card]:
        found = sorted((host for host in seen.hosts if host[count] >= least), key=lambda host: -host[count])
        for host in found[:FEW_HOSTS]:
            yield Card(WARNING, f"{host['address']} {verb}",
                       f"{host[count]:,} {what} in {_of(host)}; told from {least} on.", meaning,
                       f"src == {host['address']} or dst == {host['address']}")
    return rule


def _capture(seen: _Seen) -> Iterator[Card]:
    cut, packets = seen.engine("snap_truncated"), seen.engine("packets")
    if packets and cut / packets >= CUT_SHARE:
        yield Card(INFO, "Frames are cut short",
                   f"{cut:,} of {packets:,} frames ({share(cut, packets)}) {seen.over} were not captured whole; "
                   f"told from {CUT_SHARE:.0%} on.",
                   "Sizes and states are right; content, names and decryption may be missing.")
    evicted = seen.engine("flows_evicted")
    if evicted:
        yield Card(WARNING, "Flows had to make room", f"{evicted:,} flows {seen.over}; told from one on.",
                   "More flows at once than flows.max: those that were given up are counted as ended too early.")
    for name, counted in seen.interfaces:
        if counted["clock_steps"]:
            yield Card(WARNING, f"The clock of {name} went back",
                       f"{counted['clock_steps']:,} time{'s' * (counted['clock_steps'] > 1)} since the beginning, "
                       f"by at most {counted['largest_step_ns'] / 1e9:.1f} s; told from 1 s on.",
                       "Round trips, rates and durations across such a step are wrong.")


RULES: tuple[Callable[[_Seen], Iterator[Card]], ...] = (
    _drops, _malformed, _resent, _dns,
    _hosts_that("resets", RESETS, "resets connections", "connections reset by it while they were open",
                "A server or a box on the way gives up on clients, or clients leave without a goodbye."),
    _hosts_that("refused", REFUSALS, "refuses connections", "connections refused",
                "Nothing listens on the ports asked for: a service that is down, or somebody trying ports."),
    _hosts_that("unanswered", UNANSWERED, "does not answer", "connections it never answered",
                "It is down, or a firewall drops packets without a word."),
    _hosts_that("zero_windows", ZERO_WINDOWS, "cannot keep up", "zero windows announced",
                "Its program reads more slowly than data comes; the network is not what is slow."),
    _capture,
)
LOOKED_AT = ("frames dropped", "packets that cannot be read", "segments sent again, in all and by host",
             "DNS failures, missing names, slow DNS", "resets, refused and unanswered connections by host",
             "zero windows by host", "frames cut short", "flows that had to make room", "clocks that went back")


class InsightsAddon(Addon):
    """Points at facts that deserve a look, and says on every screen how many there are.

    `cards`: as of the last time that they were asked for, since the beginning. Who shows a screen asks now and then.
    `machine`: of them, what this machine says of itself."""

    name = "insights"
    questions = (Insights,)

    def __init__(self) -> None:
        self.cards: tuple[Card, ...] = ()
        self.machine: tuple[Card, ...] = ()
        self._machine: Thens[tuple[Card, ...]] = Thens()

    def begin(self, run: Run) -> None:
        self._run = run

    def put_down(self, ns: int) -> None:
        """See Addon."""
        self._machine.put(ns, self.machine)

    def as_of(self, ns: int) -> InsightsAddon:
        """See Addon: what is found of the past is not found now."""
        then = copy(self)
        then.machine = self._machine.at(ns) or ()
        return then

    def signs(self) -> Sequence[Sign]:
        """How many are critical, and how many warnings: alerts as they are now, and the cards of everything else."""
        marks = self._run.find(AlertMarks)
        alerts = marks.unseen_counts() if marks is not None else (0, 0)
        signs: list[Sign] = []
        for severity, n, word, sign in ((CRITICAL, alerts[0], "critical", ERROR),
                                        (WARNING, alerts[1], "warning", WARNING)):
            mine = [card for card in self.cards if card.severity == severity]
            n += sum(not card.alert for card in mine)
            if n:
                plural = "s" * (n > 1 and severity == WARNING)
                still = (card.title for card in mine if not card.alert or (marks and marks.is_unseen(card.alert)))
                signs.append(Sign(f"{n} {word}{plural}", sign, "" if signs else next(still, "")))
        return signs
