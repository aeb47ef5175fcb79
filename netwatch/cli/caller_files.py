"""What a file of the caller's holds, looked at by the caller: root parses no database that somebody else has written.

Under sudo the looking is done by a child that has become the caller for good. What it answers is JSON: it may have been
taken over by what it read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from netwatch.cli import state_files
from netwatch.history import moments, store
from netwatch.history.database import HistoryError
from netwatch.platform.walls import User
from netwatch.store.folders import account, caller, state_folder

MOST = 65536  # bytes of an answer


def spans() -> tuple[store.Span | None, moments.Span | None]:
    """As store.span() and moments.span()."""
    found = _apart(lambda: (store.span(), moments.span()))
    if not isinstance(found, list) or len(found) != 2:
        raise HistoryError(f"{store.path()}: it could not be looked at")
    flows, table = ([_number(each) for each in half] if isinstance(half, list) else None for half in found)
    if (flows and len(flows) != 5) or (table and len(table) != 7):
        raise HistoryError(f"{store.path()}: it could not be looked at")
    return store.Span(*flows) if flows else None, moments.Span(*table) if table else None


def forget(before_ns: int | None) -> tuple[int, int, int]:
    """As store.forget() and moments.forget(): flows, moments, and databases that were removed whole."""
    found = _apart(lambda: _forget(before_ns))
    if not isinstance(found, list) or len(found) != 4:
        raise HistoryError(f"{store.path()}: it could not be looked at")
    flows, whole, table, others = map(_number, found)
    return flows, table, whole + others


def forget_others(before_ns: int | None) -> tuple[int, list[str]]:
    """As state_files.forget()."""
    found = _apart(lambda: state_files.forget(before_ns))
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[1], list):
        raise HistoryError(f"{state_folder()}: it could not be looked at")
    return _number(found[0]), ["".join(c if c.isprintable() else "\ufffd" for c in str(each)) for each in found[1]]


def _forget(before_ns: int | None) -> tuple[int, ...]:
    """Of each what can be: one that refuses keeps the other from nothing. Raises HistoryError."""
    try:
        flows = store.forget(before_ns)
    finally:
        table = moments.forget(before_ns)
    return *flows, *table


def _apart(work: Callable[[], object]) -> object:
    """What `work` answers, as JSON has it. Raises HistoryError."""
    uid = caller()
    about = account(uid) if uid != os.geteuid() else None
    if about is None:
        return json.loads(json.dumps(work()))
    out, into = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(into, json.dumps(_answer(work, User(uid, about[0], str(about[1])))).encode()[:MOST])
        finally:
            os._exit(0)
    os.close(into)
    with open(out, "rb") as answer:
        said = answer.read(MOST)
    os.waitpid(child, 0)
    try:
        found, error, refused = json.loads(said)
    except ValueError:
        raise HistoryError(f"{store.path()}: it could not be looked at") from None
    if error:
        raise HistoryError("".join(c if c.isprintable() else "\ufffd" for c in str(error)), refused=bool(refused))
    return found


def _answer(work: Callable[[], object], user: User) -> tuple[object, str, bool]:
    """(answer, error, for want of rights), by that user."""
    from netwatch.platform.user import become

    try:
        become(user)
        return work(), "", False
    except HistoryError as e:
        return None, str(e), e.refused
    except OSError as e:
        return None, f"{store.path()}: {e.strerror}", isinstance(e, PermissionError)


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise HistoryError(f"{store.path()}: times or counts of it are damaged")
    return value
