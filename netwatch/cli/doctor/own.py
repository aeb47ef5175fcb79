"""`netwatch doctor --self`: what netwatch itself has open, keeps and may do: connections, files, capabilities."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from pathlib import Path

from netwatch.cli.errors import EXIT_FINDING, EXIT_UNAVAILABLE, CommandError, say
from netwatch.model.host import Unavailable
from netwatch.model.record import Record
from netwatch.platform.base import Platform
from netwatch.store.folders import caller, config_folder, data_folder, state_folder

SETS = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective", "CapAmb": "ambient"}


def examine(platform: Platform, as_json: bool) -> int:
    """Print it. The exit code: 1 when there is a connection, or a file of its own that others could change."""
    from netwatch.capture.capd.client import Helper

    helper = Helper()
    try:
        helper.addresses()                     # it has given up what it does not need
        own = {"netwatch": os.getpid(), "netwatch-capd": helper.pid}
        told: Record = {"connections": _connections(platform, own), "files": _files(),
                        "capabilities": _capabilities(own)}
    except Unavailable as e:
        raise CommandError(f"doctor --self: {e}", EXIT_UNAVAILABLE) from None
    finally:
        with contextlib.suppress(Unavailable):
            helper.close()
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        print("\n".join(_lines(told)))
    return EXIT_FINDING if told["connections"] or any("reason" in each for each in told["files"]) else 0


def _connections(platform: Platform, own: dict[str, int]) -> list[Record]:
    """Sockets of TCP and UDP that are theirs."""
    try:
        sockets = platform.sockets()
    except Unavailable:
        return []
    return [{"proto": each.proto, "lport": each.lport, "rport": each.rport, "state": each.state} for each in sockets
            if set(own.values()).intersection(each.pids)]


def _files() -> list[Record]:
    """The folders it reads and writes, and what is in them: whose, and who else may write."""
    found: list[Record] = []
    for purpose, folder in (("settings", config_folder()), ("state", state_folder()), ("data", data_folder())):
        try:
            found += [{"purpose": purpose, "path": str(path), "exists": True, **_about(path)}
                      for path in (folder, *sorted(folder.iterdir()))]
        except (FileNotFoundError, NotADirectoryError):
            found.append({"purpose": purpose, "path": str(folder), "exists": False})
        except OSError as e:
            say(f"doctor --self: {folder}: {e.strerror}")
    return found


def _about(path: Path) -> Record:
    about = path.lstat()
    told: Record = {"uid": about.st_uid, "mode": f"{stat.S_IMODE(about.st_mode):04o}"}
    if about.st_uid not in (caller(), 0):
        told["reason"] = "it belongs to another user"
    elif about.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not stat.S_ISLNK(about.st_mode):
        told["reason"] = "others may write it"
        told["fix"] = f"chmod go-w {path}"
    return told


def _capabilities(own: dict[str, int]) -> list[Record]:
    """What each process may do, set by set, as numbers of capability(7). Linux."""
    if sys.platform != "linux":
        return []
    found = []
    for process, pid in own.items():
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        found.append({"process": process, **{word: _bits(int(said[name], 16)) for name, word in SETS.items()}})
    return found


def _bits(value: int) -> list[int]:
    return [bit for bit in range(value.bit_length()) if value >> bit & 1]


def _lines(told: Record) -> list[str]:
    lines = [f"connections of its own: {len(told['connections']) or 'none'}"]
    lines += [f"  {each}" for each in told["connections"]]
    lines.append("files of its own")
    for each in told["files"]:
        state = f"{each['mode']} uid {each['uid']}" if each["exists"] else "not there"
        lines.append(f"  {each['path']}  {state}" + (f": {each['reason']}; {each.get('fix', '')}" if "reason" in each
                                                     else ""))
    lines.append("capabilities (the numbers of capability(7))")
    for each in told["capabilities"]:
        for word in SETS.values():
            lines.append(f"  {each['process']}, {word}: {', '.join(map(str, each[word])) or 'none'}")
    return lines
