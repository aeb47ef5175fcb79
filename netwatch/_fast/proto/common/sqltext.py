"""Statements of SQL and CQL as a record shows them: on one line, passwords in them masked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netwatch._fast.base.text import clean
from netwatch._fast.proto.common.facts import MASK

_ONE_LINE = bytes.maketrans(b"\r\n\t", b"   ")
_LITERAL = r"('(?:[^'\\]|\\.|'')*'?|\"(?:[^\"\\]|\\.)*\"?)"
# the literal after PASSWORD or IDENTIFIED BY: of the users of MySQL and PostgreSQL, and of Cassandra's roles
_SECRET = re.compile(
    r"(?i)\b((?:password(?:\s+for\s+\S+)?|identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?)"
    r"\s*=?\s*(?:password\s*)?\(?\s*)" + _LITERAL)


def statements(values: Iterable[bytes], show_secrets: bool) -> list[str]:
    """The different statements in order."""
    shown = (clean(value.translate(_ONE_LINE).strip(), 256) for value in values)
    if not show_secrets:
        shown = (_SECRET.sub(rf"\1'{MASK}'", text) for text in shown)
    return list(dict.fromkeys(text for text in shown if text))
