"""The addon that diagnoses: it hands the rules what flows waited for, and keeps what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from netwatch._fast.notice.tallies import Tallies
from netwatch._fast.notice.watch import Watch
from netwatch.detect.acknowledged import FINDING, is_quiet, load
from netwatch.detect.addon import Detect
from netwatch.detect.episodes import Bounded
from netwatch.diagnose import table
from netwatch.diagnose.causes import ranked
from netwatch.diagnose.contract import CLOSED, EXPIRED, Measured, Rule, Subject, hidden_by
from netwatch.diagnose.lifecycle import Course, Finding
from netwatch.diagnose.loopback import service_of
from netwatch.diagnose.thresholds import THRESHOLDS, limits
from netwatch.model.contract import WARNING, Addon, Store
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.owners.addon import FlowOwners

if TYPE_CHECKING:
    from netwatch.model.contract import Run

BUCKET_S = 1  # in which things are counted together
COURSES = 1024  # things that may be wrong, watched at a time
MOST = 1000  # findings kept; of a live source those that are over make room, and more are counted
OVER = CLOSED, EXPIRED
MEASURED = (  # in words, by metric, whether it is a time, and why there may be none
    ("handshakes", "shake", True, "no TCP handshake was seen from its SYN on"),
    ("answers", "reply", True, "no request over TCP was seen with its answer"),
    ("dns", "resolver", True, "no DNS query over UDP was seen with its answer"),
    ("connections", "open", False, "nobody tried to open a TCP connection"),
)
OFF = "diagnose.on is false"
RANK = {"critical": 0, "warning": 1, "info": 2}


class Diagnose(Addon):
    """Says what is wrong with what flows wait for. Of a file a finding is told when all of it is known, at the end; of
    a live source when it opens, and when it closes."""

    name = "diagnose"
    options = (Option("on", True, "Look for what is wrong."),
               Option("mute", "", "Findings that are known and count for nothing: KIND or KIND@ADDRESS, with commas.",
                      form=lambda text: muted(text)),
               Option("comment", "", "A service on this machine that comments on findings: http://127.0.0.1:11434.",
                      form=service_of),
               Option("comment_model", "llama3.2", "Its model."),
               *(Option(f"thresholds.{each.name}", each.default, each.help, each.low, each.high)
                 for each in THRESHOLDS))
    kinds: Mapping[str, str] = {"finding": "What is wrong: since when, whom it hits, cause, evidence, advice."}

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0
        self._full = False
        self._rules: dict[str, list[Rule]] = {}
        self._courses: Bounded[tuple[str, Subject], Course] = Bounded(COURSES)
        self._muted: list[tuple[str, str]] = []
        self.quiet: Mapping[str, None] = {}  # findings that somebody has muted, as about_finding() names them
        self._tallies: Tallies | None = None
        self._own: Watch | None = None
        self._untold: list[Finding] = []
        self._follows: dict[int, list[Finding]] = {}  # by id() of a finding, what it hides

    def begin(self, run: Run) -> None:
        self._run = run
        of = run.settings.of
        if not of("diagnose.on"):
            return
        for rule in table.rules(lambda name: of(f"diagnose.thresholds.{name}")):
            self._rules.setdefault(rule.metric, []).append(rule)
        self._stale_s = of("diagnose.thresholds.stale_s")
        self._muted, self.quiet = muted(of("diagnose.mute")), load()[FINDING]
        self._tallies = Tallies(limits(lambda name: of(f"diagnose.thresholds.{name}")),
                                of("diagnose.thresholds.learn"), BUCKET_S)
        detect = run.find(Detect)
        watch = detect.watch if detect is not None else None
        if watch is None:
            watch = self._own = Watch(run.engines, [], frozenset(), of("detect.patience_s"))
        watch.tally(self._tallies)

    def take(self, step: Step) -> Sequence[Event]:
        if step.again or self._tallies is None:
            return ()
        if self._own is not None:
            self._own.look(step.over)
        for each in self._tallies.done(step.over):
            self._judge(Measured._make(each))
        if step.over:
            return [self._event(finding) for finding in self.shown()]
        untold, self._untold = self._untold, []
        if not untold or not self._run.purpose.live:
            return ()
        return [self._event(finding) for finding in self.shown() if finding in untold]

    def shown(self) -> list[Finding]:
        """What was found and is no consequence of anything else that was: the gravest first, then the oldest. The
        engine holds still."""
        self._follows = {}
        found = []
        causes: dict[bytes, list[Finding]] = {}
        for finding in self.findings:
            for host in {finding.subject.a, finding.subject.b} if finding.rule.hides else ():
                causes.setdefault(host, []).append(finding)
        for finding in self.findings:
            near = {id(cause): cause for host in (finding.subject.a, finding.subject.b)
                    for cause in causes.get(host, ())}
            because = [cause for cause in near.values() if self._explains(cause, finding)]
            for cause in because:
                self._follows.setdefault(id(cause), []).append(finding)
            if not because:
                found.append(finding)
        return sorted(found, key=lambda each: (bool(each.closed), RANK[each.told.severity], each.since,
                                               each.rule.name, each.subject))

    def body(self, finding: Finding) -> Record:
        """The record of one that was shown() last, but for the schema. The engine holds still."""
        ill = {other.subject.a for other in self.findings if other.rule is finding.rule
               and other.subject.a != finding.subject.a and other.since <= finding.last_bad
               and finding.since <= other.last_bad}
        found = finding.body(self.now, self._stale_s, self._follows.get(id(finding), []),
                             ranked(finding.rule.name, finding.subject, finding.totals, len(ill)))
        hosts = (found.get("src"), found.get("dst"))
        if is_quiet(finding.rule.name, found, self.quiet) or any(
                kind == finding.rule.name and (not host or host in hosts) for kind, host in self._muted):
            found["mute"] = True
        return found

    @property
    def health(self) -> Record:
        """What was measured of the traffic itself, and why the rest was not. The engine holds still."""
        measured = self._tallies.measured if self._tallies is not None else {}
        return {name: _health(*measured.get(metric, (0, 0, 0.0)), timed, why if self._tallies is not None else OFF)
                for name, metric, timed, why in MEASURED}

    @property
    def now(self) -> int:
        """Packet time, ns."""
        return max(engine.clock for engine in self._run.engines)

    def stores(self) -> Sequence[Store]:
        return (Store("findings", len(self.findings), MOST, None, self.left_out),)

    def _judge(self, seen: Measured) -> None:
        for rule in self._rules.get(seen.metric, ()):
            key = rule.name, seen.subject
            course = self._courses.get(key)
            if course is None:
                if not rule.bad(seen):
                    continue
                course = self._courses[key] = Course(rule, seen.subject)
            if seen.bad and course.finding is None:
                course.owner = self._owner(seen) or course.owner
            changed = course.take(seen)
            if changed is not None:
                self._untold.append(changed)
                if not changed.closed:
                    self._keep(changed)

    def _keep(self, finding: Finding) -> None:
        if len(self.findings) >= MOST and self._run.purpose.live:
            self._drop_one()
        if len(self.findings) >= MOST:
            self.left_out += 1
            if not self._full:
                self._full = True
                self._run.say(f"{MOST} findings are kept: no more are told" +
                              (" until one of them is over" if self._run.purpose.live else ""), WARNING)
            return
        self._full = False
        self.findings.append(finding)

    def _drop_one(self) -> None:
        """The oldest that is over, and was told when it was."""
        for at, each in enumerate(self.findings):
            if each.state(self.now, self._stale_s) in OVER and not any(each is other for other in self._untold):
                del self.findings[at]
                return

    def _owner(self, seen: Measured) -> Record | None:
        """The process of the first flow that was hit, while that is known."""
        owners = self._run.find(FlowOwners)
        shard, row, key = seen.ref
        engine = self._run.engines[shard]
        if owners is None or not owners.looking or engine.key(row) != key:
            return None
        about: Record = {}
        owners.adorn(about, FlowRef(engine, row, key))
        found: Record | None = about.get("process")
        return found

    def _explains(self, cause: Finding, finding: Finding) -> bool:
        """Is it a consequence: of the same hosts, at the same time?"""
        return (finding is not cause and finding.rule.name in cause.rule.hides
                and hidden_by(cause.subject, finding.subject)
                and cause.since <= finding.until(self.now) and finding.since <= cause.until(self.now))

    def _event(self, finding: Finding) -> Event:
        frame = finding.totals.frames[0] if finding.totals.frames else 0
        return Event(frame, 0, "finding", finding.known, self._run.engines[0], 0, 0, 0, False, self.body(finding), 0,
                     None)


def muted(text: str) -> list[tuple[str, str]]:
    """(kind, address or "") of each. Raises ValueError."""
    found = []
    for each in filter(None, (part.strip() for part in text.split(","))):
        kind, _, host = each.partition("@")
        try:
            found.append((kind, str(ip_address(host)) if host else ""))
        except ValueError:
            raise ValueError(f"{host} is no address") from None
        if kind not in table.RULES:
            raise ValueError(f"there is no finding called {kind}; there are {', '.join(table.RULES)}")
    return found


def _health(samples: int, bad: int, mean_ms: float, timed: bool, why: str) -> Record:
    if not samples:
        return {"unmeasured": why}
    return {"samples": samples, "bad": bad, **({"mean_ms": round(mean_ms, 3)} if timed else {})}
