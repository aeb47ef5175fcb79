"""`netwatch doctor --sandbox`: enter the jail as `netwatch read` does, and try what must not succeed, in every role."""

from __future__ import annotations

import base64
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from netwatch.cli import sandbox
from netwatch.cli.errors import EXIT_FINDING, EXIT_UNAVAILABLE, CommandError
from netwatch.cli.selection import read_settings
from netwatch.model.record import Record
from netwatch.platform.jail import Jailed
from netwatch.platform.linux.forbidden import Act, acts, attempt, denied
from netwatch.plugins.process import Plugin, PluginError

AT_ONCE = 16  # acts in one message to the process of a classifier
PATIENCE_S = 1.0
# a classifier that makes the calls it is asked to; it can import nothing of ours
CLASSIFIER = b"""
import ctypes, json
NAME = "doctor"
def classify(data, flow):
    libc = ctypes.CDLL(None, use_errno=True)
    told = []
    for number, arguments in json.loads(data):
        got = libc.syscall(number, *(ctypes.c_long(a) if isinstance(a, int) else a.encode("latin-1")
                                     for a in arguments))
        told.append(ctypes.get_errno() if got < 0 else 0)
    return 1, {"errors": told}
"""


class Tried(NamedTuple):
    """One act, who tried it, and what stopped it ("" nothing did)."""

    act: str
    role: str
    denied: bool
    by: str


def examine(as_json: bool) -> int:
    """Print the table. The exit code."""
    forbidden = acts()
    if not forbidden:
        raise CommandError("doctor --sandbox: netwatch knows no jail for this system", EXIT_UNAVAILABLE)
    try:
        plugin = Plugin(Path("doctor.py"), CLASSIFIER)
    except PluginError as e:
        raise CommandError(f"a classifier's process cannot be tried: {e}", EXIT_UNAVAILABLE) from None
    of_helper = _of_helper()
    jailed = sandbox.shut_in(read_settings([]))
    tried = [*_everywhere(jailed, forbidden), *_of_classifier(plugin, forbidden), *of_helper]
    plugin.close()
    walls = [{"name": part.name, "stands": part.stands, **({"why": part.why} if part.why else {})}
             for part in jailed.parts]
    if as_json:
        print(json.dumps({"walls": walls, "acts": [_record(each) for each in tried]}, indent=1))
    else:
        print("\n".join(_lines(jailed, tried)))
    return 0 if all(each.denied for each in tried) else EXIT_FINDING


def _record(tried: Tried) -> Record:
    return {key: value for key, value in tried._asdict().items() if value != ""}


def _everywhere(jailed: Jailed, forbidden: list[Act]) -> list[Tried]:
    """In the main thread, in one as the terminal's engine, in one of the pool that several engines run in."""
    stands = {part.name for part in jailed.parts if part.stands}
    found: list[Tried] = []
    engine = threading.Thread(target=lambda: found.extend(_in_this_thread("engine thread", stands, forbidden)))
    engine.start()
    engine.join()
    with ThreadPoolExecutor(1) as pool:
        found += pool.submit(_in_this_thread, "worker thread", stands, forbidden).result()
    return _in_this_thread("main", stands, forbidden) + found


def _in_this_thread(role: str, stands: set[str], forbidden: list[Act]) -> list[Tried]:
    return [_tried(act, role, attempt(act.number, act.arguments), stands) for act in forbidden]


def _of_classifier(plugin: Plugin, forbidden: list[Act]) -> list[Tried]:
    found = []
    for at in range(0, len(forbidden), AT_ONCE):
        some = forbidden[at:at + AT_ONCE]
        asked = [(act.number, [each.decode("latin-1") if isinstance(each, bytes) else each for each in act.arguments])
                 for act in some]
        data = base64.b64encode(json.dumps(asked).encode()).decode()
        answer = plugin.ask({"data": data, "flow": (0, "tcp", 0, 0)}, PATIENCE_S)["answer"]
        found += [_tried(act, "classifier", error, {act.by}) for act, error in
                  zip(some, answer[1]["errors"], strict=True)]
    return found


def _of_helper() -> list[Tried]:
    """In a child that gives up what netwatch-capd does. Before the jail, which would stop more."""
    from netwatch.capture.capd.helper import NEEDED, confine_helper

    forbidden = [act for act in acts() if act.call and act.call not in NEEDED]
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine_helper()
            os.write(theirs, json.dumps([attempt(act.number, act.arguments) for act in forbidden]).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    errors = json.loads(said) if said else [0] * len(forbidden)
    return [_tried(act, "capture helper", error, {act.by}) for act, error in zip(forbidden, errors, strict=True)]


def _tried(act: Act, role: str, error: int, stands: set[str]) -> Tried:
    """What came of it; where the wall that should stop it does not stand, the system's own permissions did."""
    refused = denied(error)
    return Tried(act.name, role, refused, (act.by if act.by in stands else "permissions") if refused else "")


def _lines(jailed: Jailed, tried: list[Tried]) -> list[str]:
    lines = [f"{part.name:<18} {'stands' if part.stands else f'does not stand: {part.why}'}" for part in jailed.parts]
    roles = list(dict.fromkeys(each.role for each in tried))
    names = list(dict.fromkeys(each.act for each in tried))
    width = max(map(len, names), default=0)
    lines += ["", f"{'act':<{width}}  " + "  ".join(f"{role:<14}" for role in roles).rstrip()]
    by = {(each.act, each.role): f"no: {each.by}" if each.denied else "SUCCEEDED" for each in tried}
    for name in names:
        lines.append(f"{name:<{width}}  " + "  ".join(f"{by.get((name, role), ''):<14}" for role in roles).rstrip())
    count = sum(not each.denied for each in tried)
    return [*lines, "", f"{len(tried)} acts tried, {count} succeeded"]
