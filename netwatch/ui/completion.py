"""What the word before the cursor of the filter line may become: names of fields, or values seen on the screen."""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from netwatch import schema
from netwatch.model.record import Record, look_up

MOST = 200                         # offers at a time
_WORD = re.compile(r"[A-Za-z0-9_.\-]*$")
_FIELD = r"(?:^|[\s(!&|])([A-Za-z][A-Za-z0-9_.]*)"
_OPERATOR = r"\s*(?:==|!=|<=|>=|<|>|:|\s(?:in|contains)\s*\{?(?:[^{}]*,)?)"
_AFTER_FIELD = re.compile(_FIELD + _OPERATOR + r"\s*(\"?)([^\s\"{},()]*)$")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


class Offer(NamedTuple):
    """`text` takes the place of the word; `help` is one line about it."""
    text: str
    help: str


@cache
def names() -> tuple[Offer, ...]:
    """Every name a filter understands: of flows first, others' and further names behind them."""
    own = [Offer(field.name, field.help) for field in schema.FIELDS if "flow" in field.kinds]
    own += [Offer(field.name, field.help) for field in schema.FIELDS if "flow" not in field.kinds]
    seen = {offer.text for offer in own}
    further = {name: fields[0] for name, fields in schema.NAMES.items() if name not in seen}
    return (*dict.fromkeys(own), *(Offer(name, f"{field.name}: {field.help}") for name, field in further.items()))


def offers(text: str, rows: Iterable[Record]) -> tuple[int, list[Offer]]:
    """(where the word begins, what it may become), best first; `text` ends at the cursor."""
    value = _AFTER_FIELD.search(text)
    if value and (value[1] in schema.NAMES or value[1] in schema.BY_NAME):
        return value.start(2), _values(value[1], value[3], rows)
    word = _WORD.search(text)
    assert word is not None
    typed = word[0].lower()
    if text[:word.start()].endswith('"'):
        return len(text), []
    first = [offer for offer in names() if offer.text.startswith(typed)]
    more = [offer for offer in names() if typed and typed in offer.text and not offer.text.startswith(typed)]
    return word.start(), (first + more)[:MOST]


def agreed(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    return low[:next((i for i, letter in enumerate(low) if high[i:i + 1] != letter), len(low))]


def _values(name: str, typed: str, rows: Iterable[Record]) -> list[Offer]:
    """Values of a field in the rows that begin as typed, the most frequent first."""
    fields = [schema.BY_NAME[name]] if name in schema.BY_NAME else list(schema.NAMES[name])
    if fields[0].type is schema.Type.BOOL:
        return [Offer(text, fields[0].help) for text in ("true", "false") if text.startswith(typed.lower())]
    counted: dict[str, int] = {}
    for row in rows:
        for field in fields:
            found = look_up(row, field.name)
            for each in found if isinstance(found, list) else [found]:
                if isinstance(each, str | int) and not isinstance(each, bool):
                    counted[str(each)] = counted.get(str(each), 0) + 1
    fitting = [text for text in counted if text.lower().startswith(typed.lower())]
    fitting.sort(key=lambda text: (-counted[text], text))
    return [Offer(_quoted(text), f"in {counted[text]} of the rows fetched") for text in fitting[:MOST]]


def _quoted(text: str) -> str:
    """A value as the filter language takes it."""
    if _PLAIN.fullmatch(text) or re.fullmatch(r"[0-9a-fA-F.:]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


