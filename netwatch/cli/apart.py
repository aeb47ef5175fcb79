"""What a file of the caller's holds, looked at by the caller: root parses no database that somebody else has written.

Under sudo the looking is done by a child that has become the caller for good. What it answers is JSON: it may have been
taken over by what it read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from netwatch.history import store
from netwatch.platform.walls import User
from netwatch.store.folders import account, caller

MOST = 65536  # bytes of an answer


def span() -> store.Span | None:
    """As store.span()."""
    found = _apart(store.span)
    return store.Span(*map(_number, found)) if isinstance(found, list) else None


def forget(before_ns: int | None) -> int:
    """As store.forget()."""
    return _number(_apart(lambda: store.forget(before_ns)))


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
        raise store.HistoryError(f"{store.path()}: it could not be looked at") from None
    if error:
        raise store.HistoryError("".join(c if c.isprintable() else "\ufffd" for c in str(error)), refused=bool(refused))
    return found


def _answer(work: Callable[[], object], user: User) -> tuple[object, str, bool]:
    """(answer, error, for want of rights), by that user."""
    from netwatch.platform.user import become

    try:
        become(user)
        return work(), "", False
    except store.HistoryError as e:
        return None, str(e), e.refused
    except OSError as e:
        return None, f"{store.path()}: {e.strerror}", isinstance(e, PermissionError)


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise store.HistoryError(f"{store.path()}: times or counts of it are damaged")
    return value
