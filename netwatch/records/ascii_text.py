"""Text for terminals that cannot show all characters: what has a likeness in theirs becomes that, as wide."""

from __future__ import annotations

import codecs

PLAIN = "netwatch.plain"  # name of the handler of errors
LIKENESS = {"µ": "u", "…": "~", "→": ">", "←": "<", "↑": "^", "↓": "v", "≤": "<", "≥": ">", "·": ".",
            "\u2013": "-", "\u00d7": "x"}


def _likeness(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(LIKENESS.get(c, "?") for c in error.object[error.start:error.end]), error.end


codecs.register_error(PLAIN, _likeness)
