"""`netwatch doctor`: what works here and what is missing, with the one command that fixes it.

It looks at capture, the ways of finding the owners of flows, the kernel, the helper, and what netwatch is made of; it
changes nothing and needs no permission itself.
"""

from __future__ import annotations

import contextlib
import json
import os

from netwatch._fast.out.record import iso
from netwatch.bundle.manifest import own_key_path
from netwatch.capture.live import NOT_NETWORK, SourceError, default_interface, list_devices
from netwatch.cli import caller_files, state_files
from netwatch.cli.doctor import parts
from netwatch.cli.errors import say
from netwatch.cli.parser import Parser
from netwatch.history import moments, store
from netwatch.history.database import HistoryError, set_aside, size
from netwatch.model.host import Unavailable
from netwatch.model.machine import NOT_NEEDED, Status
from netwatch.model.record import Record
from netwatch.owners.addon import chosen
from netwatch.platform import current
from netwatch.platform.base import Platform
from netwatch.recorder import window
from netwatch.store import files

Check = Record
SECTIONS = {"capture": "the first is captured without -i", "owners": "", "capabilities": "of this process",
            "kernel": "what is used of it", "helper": "what captures", "packages": "of Python",
            "files": "netwatch's own"}


def main(arguments: list[str]) -> int:
    parser = Parser(prog="netwatch doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--sandbox", action="store_true",
                      help="enter the jail and try what it forbids, in every role; exit code 1 when any succeeds")
    part.add_argument("--self", action="store_true", dest="own",
                      help="netwatch's own connections, files and capabilities; exit code 1 when there is a fault")
    part.add_argument("--bounds", action="store_true", help="every bound on what an input can make grow")
    options = parser.parse_args(arguments)
    if options.own:
        from netwatch.cli.doctor import own

        return own.examine(current(), options.json)
    if options.bounds:
        from netwatch.cli.doctor import bounds

        return bounds.show(options.json)
    if options.sandbox:
        from netwatch.cli.doctor import jail

        return jail.examine(options.json)
    found = examine(current())
    print(json.dumps(found, indent=1) if options.json else "\n".join(_lines(found)))
    return 0


def examine(platform: Platform) -> Record:
    """All that was looked at: SECTIONS (checks), and `owner_method`, what is in use."""
    owners = platform.owners()
    owners.start()
    methods = owners.status()
    owners.close()
    best = chosen(methods)
    method = {"name": best.name, "why": best.why}
    return {"platform": platform.name, "kept": kept(), "configuration": _configuration(), "capture": _capture(),
            "owner_method": method,
            "owners": [_check(each) for each in methods], "capabilities": _capabilities(platform),
            "kernel": parts.kernel(), "helper": parts.helper(), "packages": parts.packages(), "files": parts.files()}


def kept() -> list[Check]:
    """What is on this disk of what went by, and of what is kept about it: where, how much, how old."""
    found = []
    with files.as_caller():
        windows = list(window.kept())
    for each in windows:
        if not (each.incident or each.in_use or each.size):
            continue  # a jailed process may remove no folder: the next start does
        what = "incident of the recorder" if each.incident else "window of the recorder"
        found.append({"name": what, "place": str(each.folder), "bytes": each.size, "in_use": each.in_use,
                      "changed": iso(int(each.changed * 1e9))})
    found += [{"name": each.name, "place": str(each.path), "bytes": each.size, "changed": iso(each.changed_ns)}
              for each in state_files.kept()]
    with contextlib.suppress(OSError), files.as_caller():
        about = own_key_path().stat()
        found.append({"name": "key that signs bundles", "place": str(own_key_path()), "bytes": about.st_size,
                      "changed": iso(about.st_mtime_ns)})
    for old in (*set_aside(store.path()), *set_aside(moments.path())):
        with contextlib.suppress(OSError), files.as_caller():
            found.append({"name": "history of another version", "place": str(old), "bytes": size(old),
                          "changed": iso(old.stat().st_mtime_ns)})
    try:
        there, table = caller_files.spans()
    except HistoryError as e:
        say(f"history: {e}")
        return found
    if there is not None and there.flows:
        found.append({"name": f"history of {there.flows:,} flows", "place": str(store.path()), "bytes": there.size,
                      "changed": iso(there.last_ns), "since": iso(there.first_ns)})
    if table is not None and table.moments:
        apart_s = ", ".join(f"{step} s apart since {iso(since)}" for step, since in
                            ((1, table.fine_ns), (10, table.tens_ns)) if since)
        found.append({"name": f"{table.moments:,} moments of the table of flows"
                              + (f", {apart_s}; {table.let_go:,} made room" if table.let_go else ""),
                      "place": str(moments.path()), "bytes": table.size, "changed": iso(table.last_ns),
                      "since": iso(table.first_ns)})
    return found


def _configuration() -> Record:
    """The file of settings, and whether it is in use."""
    from netwatch.store import config

    file = config.default_path()
    return {"path": str(file), "in_use": os.path.isfile(file)}


def _check(status: Status) -> Check:
    """A status as a check; what is empty is left out. A fix is for what does not work."""
    check: Check = {"name": status.method, "works": status.active, "reason": status.reason,
                    "fix": "" if status.active else status.fix, "details": status.details}
    return {key: value for key, value in check.items() if value not in ("", {})}


def _capture() -> list[Check]:
    """The interface that would be captured without -i, and those that cannot be."""
    try:
        devices, best = list_devices(), default_interface()
    except SourceError as e:
        return [{"name": "libpcap", "works": False, "reason": str(e)}]
    checks: list[Check] = []
    for device in devices:
        if device["reason"] == NOT_NETWORK:
            continue
        if device["capturable"]:
            checks.append({"name": device["name"], "works": True})
        else:
            reason, _, fix = device["reason"].removeprefix(f"{device['name']}: ").partition("; ")
            checks.append({"name": device["name"], "works": False, "reason": reason, **({"fix": fix} if fix else {})})
    return sorted(checks, key=lambda check: bool(check["name"] != best))


def _capabilities(platform: Platform) -> list[Check]:
    try:
        return [_check(each) for each in platform.capabilities()]
    except Unavailable as e:
        return [{"name": "capabilities", "works": False, "reason": str(e)}]


def _lines(found: Record) -> list[str]:
    """The page for people: one line a check, and under what does not work the command that mends it."""
    method = found["owner_method"]
    width = max(len(check["name"]) for title in SECTIONS for check in found[title])
    lines = []
    for title, note in SECTIONS.items():
        if found[title]:
            note = note or f"in use: {method['name'] or 'none'}"
            lines.append(f"{title} ({note})")
        for check in found[title]:
            lines.append(f"  {check['name']:<{width}}  {_verdict(check)}")
            if "fix" in check:
                lines.append(f"  {'':<{width}}    {check['fix']}")
    settings = found["configuration"]
    lines.append(f"configuration: {settings['path']}{'' if settings['in_use'] else ' is not there: defaults'}")
    lines.append("kept on this disk (`netwatch forget` removes all but the key)")
    lines += [f"  {each['name']}: {each['bytes']:,} bytes, {each['changed'][:19]}Z, {each['place']}"
              + (", in use" if each.get("in_use") else "") for each in found["kept"]] or ["  nothing"]
    return lines


def _verdict(check: Check) -> str:
    reason: str = check.get("reason", "")
    if reason == NOT_NEEDED:
        return reason
    if check["works"]:
        return f"works; but: {reason}" if reason else "works"
    return f"no: {reason}"
