"""The course of one thing that can be wrong: enough goes wrong within a window, then it is over once all was calm."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field

from netwatch._fast.out.record import iso
from netwatch.diagnose.contract import CLOSED, EXPIRED, OPEN, SECOND, STALE, Measured, Rule, Subject, Told, Totals
from netwatch.model.record import Record


@dataclass(slots=True, eq=False)
class Finding:
    """Times are packet time in ns. `since`: the first that went wrong; `newest`: of any sample; `known`: when it was
    clear; `closed`: 0 while it is open. `owner`: what records call `process`, of the first flow."""

    rule: Rule
    subject: Subject
    since: int
    known: int
    totals: Totals
    newest: int
    last_bad: int
    owner: Record | None = None
    closed: int = 0

    @property
    def told(self) -> Told:
        """What it means by now."""
        return self.rule.describe(self.subject, self.totals)

    def state(self, now: int, stale_s: int) -> str:
        if self.closed:
            return CLOSED
        if now - self.newest >= self.rule.expire_s * SECOND:
            return EXPIRED
        return STALE if now - self.newest >= stale_s * SECOND else OPEN

    def until(self, now: int) -> int:
        """When it was over, or last known."""
        return self.closed or (self.newest if now - self.newest >= self.rule.expire_s * SECOND else now)

    def body(self, now: int, stale_s: int, hidden: list[Finding], causes: list[str]) -> Record:
        """What the record says beside its schema. `id` is the same whenever and wherever the capture is read. `causes`:
        as ranked() has them."""
        told, state = self.told, self.state(now, stale_s)
        known = self.newest if state in (STALE, EXPIRED) else self.known
        name = f"{self.rule.name} {told.ends} {self.since}"
        about: Record = {"host": next(iter(told.ends.values()))}
        if self.totals.flows:
            about["flow"] = self.totals.flows[0]
        if self.owner is not None:
            about["process"] = self.owner
        found: Record = {
            "id": hashlib.blake2s(name.encode(), digest_size=6).hexdigest(),
            "time": iso(self.closed or known), "since": iso(self.since),
            "last": iso(self.last_bad), "state": state, "kind": self.rule.name, "severity": told.severity,
            "title": told.title, "subject": about, **told.ends, "cause": told.cause, "evidence": told.evidence,
            "advice": told.advice, "closes_when": self.rule.closes_when, "count": self.totals.bad,
            "flows": self.totals.flows, "frames": self.totals.frames, "filter": told.filter}
        if causes:
            found["causes"] = causes
        if hidden:
            found["consequences"] = [f"{each.rule.name}: {each.told.cause}" for each in hidden]
        return found


@dataclass(slots=True, eq=False)
class Course:
    """Of one rule and one subject."""

    rule: Rule
    subject: Subject
    finding: Finding | None = None
    owner: Record | None = None  # of the newest flow that it hit
    window: deque[Measured] = field(default_factory=deque)

    def take(self, seen: Measured) -> Finding | None:
        """One bucket more; the finding that opens or closes with it."""
        if self.finding is not None and seen.begin - self.finding.newest >= self.rule.expire_s * SECOND:
            self.finding = None                 # it stays expired
        if self.finding is None:
            return self._watch(seen)
        return self._follow(self.finding, seen)

    def _watch(self, seen: Measured) -> Finding | None:
        """Nothing is wrong yet."""
        self.window.append(seen)
        while self.window[0].begin + self.rule.window_s * SECOND <= seen.begin:
            self.window.popleft()
        totals = Totals()
        for each in self.window:
            totals.add(each)
        if not self.rule.bad(seen) or not self.rule.enough(totals):
            return None
        first = next(each for each in self.window if self.rule.bad(each))
        totals.usual = first.mean, first.sigma, first.samples
        self.window.clear()
        self.finding = Finding(self.rule, self.subject, first.first_bad, seen.last_bad, totals,
                               max(seen.last_bad, seen.last_good), seen.last_bad, self.owner)
        return self.finding

    def _follow(self, finding: Finding, seen: Measured) -> Finding | None:
        finding.newest = max(finding.newest, seen.last_bad, seen.last_good)
        if self.rule.bad(seen):
            finding.last_bad = seen.last_bad
            finding.totals.add(seen)
            return None
        finding.totals.good += seen.good
        if not seen.good or seen.last_good - finding.last_bad < self.rule.calm_s * SECOND:
            return None
        finding.closed = seen.last_good
        self.finding = None
        return finding
