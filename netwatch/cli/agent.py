"""`netwatch agent`: watch without a terminal: an event log, metrics for Prometheus, and records to other machines."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.cli import headless, sandbox
from netwatch.cli.errors import EXIT_INTERNAL, EXIT_PERMISSION, EXIT_USAGE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import parse_where
from netwatch.records.kinds import asked_as
from netwatch.store import files
from netwatch.store.folders import state_folder

if TYPE_CHECKING:
    from netwatch.agent.snapshot import Snapshots
    from netwatch.agent.systemd import Notify
    from netwatch.outlets.plan import Plan
    from netwatch.outlets.process import Made, Outlets

SETTLE_S = 0.5  # for what was on the wire before the signal to be read
EVENTS = frozenset({"flows", "dns", "http", "tls", "alert", "finding", "event"})
SINGULAR = {"alerts": "alert", "findings": "finding", "events": "event"}
SHORT = ("metrics", "log", "syslog", "ipfix", "otlp", "push", "what", "where")  # options that are settings' short forms


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch agent", description=__doc__)
    p.add_argument("--metrics", metavar="HOST:PORT", help="serve /metrics and /healthz there, e.g. 127.0.0.1:9464")
    p.add_argument("--log", metavar="FILE", help="the event log: JSON lines, rotated")
    p.add_argument("--syslog", metavar="URL", help="udp://HOST:PORT, tcp://, tls:// or unix:PATH: records as RFC 5424")
    p.add_argument("--ipfix", metavar="URL", help="udp://HOST:PORT, tcp:// or tls://: flows that are over, as RFC 7011")
    p.add_argument("--otlp", metavar="URL", help="http(s)://HOST:PORT of an OpenTelemetry collector: metrics and logs")
    p.add_argument("--push", metavar="URL", help="post snapshots there; agent.key_file or $NETWATCH_KEY has the key")
    p.add_argument("--what", metavar="KIND[,KIND...]", help="records that are told: flows dns http tls alerts findings "
                   "events")
    p.add_argument("-w", "--where", metavar="EXPR", help="only records that pass this filter; alerts and "
                   "findings always do")
    p.add_argument("--exported", action="store_true", help="also the flows that exporters tell of in what is captured: "
                   "NetFlow 5 and 9, IPFIX, and those of frames that sFlow has sampled")
    headless.add_options(p)
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    headless.settle(options, [(f"agent.{name}", getattr(options, name)) for name in SHORT])
    of = options.settings.of
    kinds = frozenset(SINGULAR.get(kind, kind) for kind in of("agent.what").split(",") if kind)
    if not kinds <= EVENTS:
        known = ", ".join(sorted(map(asked_as, EVENTS)))
        raise CommandError(f"agent.what: of {known}, not {', '.join(sorted(kinds - EVENTS))}")
    where = parse_where(of("agent.where") or None, given_by="agent.where")
    plan = plan_of(options)
    if plan is None:
        raise CommandError("the agent has nothing to do: --metrics, --log, --syslog, --ipfix, --otlp or --push, or "
                           f"what is kept: {', '.join(headless.ASKED)}")
    from netwatch.agent.systemd import Notify
    from netwatch.outlets.plan import own_ends
    from netwatch.outlets.process import Outlets

    notify = Notify()
    outlets = Outlets(_made(plan, of("agent.metrics")), lambda: sandbox.shut_in_outlets(
        options.settings, plan.readable, [each for each in (os.path.dirname(os.path.abspath(plan.log)) if plan.log else
                                                             "", plan.queue) if each]))
    from netwatch.agent.journal import Journal, Own  # what is imported before the fork, both processes have
    from netwatch.agent.snapshot import Snapshots
    from netwatch.cli.sampling import Exporters

    exporters = Exporters(options.settings) if options.exported else None
    journal = Journal(kinds if plan.events else frozenset(), where, outlets.send, exporters,
                      Own(own_ends(plan), outlets.pid))
    try:
        with headless.running(options, given=lambda: [journal], hold=True, kinds=kinds,
                              ring_mb=options.settings.ring_mb("agent")) as session:
            snapshots = Snapshots(session, where, of("agent.top"), journal.alerts)
            return _watch(snapshots, outlets, notify, of("agent.every_s"))
    finally:
        outlets.close()
        if outlets.untold:
            say(f"{outlets.untold:,} records found no room on their way to the outlets")


def _watch(snapshots: Snapshots, outlets: Outlets, notify: Notify, every: float) -> int:
    """Until a signal, or the end of what is captured."""
    from netwatch._fast.out.encoder import Encoder

    encoder, session = Encoder("ndjson", lambda kind: None, []), snapshots.session

    def tell(final: bool) -> None:
        encoder.record("snapshot", snapshots.take(final, outlets.untold))
        outlets.send(encoder.take(), 0)
    signals = headless.Signals(reopens=True)
    tell(False)
    notify.tell("READY=1")
    due = time.monotonic() + every
    beat = min(every, (notify.watchdog_s or every * 2) / 2)
    try:
        while not signals.stopped and not session.health().done and not outlets.gone:
            signals.wait(min(due - time.monotonic(), beat))
            notify.tell("WATCHDOG=1")
            if signals.reopen:
                signals.reopen = False
                outlets.reopen()
            outlets.flush()
            if time.monotonic() >= due:
                due = max(due + every, time.monotonic())
                tell(False)
        notify.tell("STOPPING=1")
        error = None if signals.stopped else session.health().error
        if signals.stopped:
            time.sleep(SETTLE_S)
        outlets.wait_for_room()
        session.end()
        tell(True)
    finally:
        signals.close()
    if outlets.gone:
        say("the process of the outlets has ended")
    elif error:
        say(error)
    return EXIT_INTERNAL if outlets.gone or error else 0


def plan_of(options: argparse.Namespace) -> Plan | None:
    """The outlets that are set, which may be none where something is kept; None: there is nothing to do."""
    from netwatch.outlets.plan import Plan

    of = options.settings.of
    plan = Plan(log=of("agent.log"), log_bytes=of("agent.log_mb") * 1_000_000, log_keep=of("agent.log_keep"),
                syslog=of("agent.syslog"), ipfix=of("agent.ipfix"), otlp=of("agent.otlp"), push=of("agent.push"),
                push_key=_key(of("agent.key_file")), push_every_s=of("agent.push_every_s"),
                queue=str(state_folder() / "push"), queue_bytes=of("agent.queue_mb") * 1_000_000, ca=of("agent.ca"))
    return plan if plan.events or of("agent.metrics") or any(map(of, headless.ASKED)) else None


def _key(path: str) -> str:
    """The bearer key. Raises CommandError."""
    if not path:
        return os.environ.get("NETWATCH_KEY", "").strip()
    try:
        return files.read_text(Path(path)).strip()
    except (OSError, UnicodeDecodeError) as e:
        raise CommandError(f"agent.key_file {path}: {getattr(e, 'strerror', None) or 'not a text'}") from None


def _made(plan: Plan, metrics: str) -> Made:
    """All of them, opened. Raises CommandError."""
    from netwatch.outlets.plan import OutletError
    from netwatch.outlets.process import Made

    made = Made()
    try:
        if plan.log:
            from netwatch.outlets.eventlog import EventLog

            with files.as_caller():
                made.outlets.append(EventLog(plan.log, plan.log_bytes, plan.log_keep))
        if plan.syslog:
            from netwatch.outlets.syslog import Syslog

            made.outlets.append(Syslog(plan))
        if plan.ipfix:
            from netwatch.outlets.ipfix import Ipfix

            made.outlets.append(Ipfix(plan))
        if plan.otlp:
            from netwatch.outlets.otlp import Otlp

            made.outlets.append(Otlp(plan))
        if plan.push:
            from netwatch.outlets.push import Push

            with files.as_caller():
                made.outlets.append(Push(plan))
        if metrics:
            from netwatch.outlets.metrics import Metrics

            made.metrics = Metrics(metrics)
    except OutletError as e:
        raise CommandError(str(e), EXIT_PERMISSION if "ermission" in str(e) else EXIT_USAGE) from None
    return made
