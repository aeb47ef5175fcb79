"""Writes netwatch/records/classes.pyi, what type checkers know of records, from netwatch/schema/.

    python tools/make_record_types.py            write it
    python tools/make_record_types.py --check    exit 1 when it is not what would be written
"""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from netwatch.records.classes import KINDS  # noqa: E402
from netwatch.records.typed import LISTS, Place, attribute_of, places  # noqa: E402
from netwatch.schema import Field, Type, fields_of  # noqa: E402

TARGET = ROOT / "netwatch" / "records" / "classes.pyi"
HEAD = '''"""What the records of each kind have. Absent is None, [] or an object that is False."""
# Written by tools/make_record_types.py. Change netwatch/schema/, not this.
from typing import ClassVar

from netwatch.model.record import Record
from netwatch.records.typed import Group, Typed

KINDS: dict[str, str]
BY_KIND: dict[str, type[Typed]]

def typed(record: Record) -> Typed: ...
'''
PLAIN = {Type.TEXT: "str", Type.ADDRESS: "str", Type.TIME: "str", Type.BOOL: "bool"}
_COUNTED = ("packets", "bytes", "payload")
ALWAYS = {  # in every record, where fields are not picked
    "flow": {"id", "proto", *_COUNTED, *(f"{name}_{way}" for name in _COUNTED for way in ("out", "in"))},
    "packet": {"n", "time", "len", "caplen"}, "dns": {"time"}, "http": {"time"},
    "stream": {"flow", "dir", "bytes", "text", "sha256", "source", "protocol"},
    "alert": {"id", "kind", "severity", "title", "text", "count", "first", "last"},
}
OF_SUMMARY = {"packets": "int", "bytes": "int", "first": "str | None", "last": "str | None",
              "duration": "float | None", "tcp_conversations": "int", "udp_conversations": "int"}


def word(field: Field) -> str:
    """The Python type of its value."""
    if field.type is Type.DURATION and field.unit == "s":
        return "float"
    return PLAIN.get(field.type, "int")


def further(kind: str, name: str) -> str:
    """Of what is no field."""
    if kind == "summary":
        return OF_SUMMARY.get(name) or ("list[str]" if name in LISTS else "Record")
    return "Record"


def classes(kind: str) -> list[str]:
    """The class of a kind, and before it those of its objects."""
    fields = {field.key(kind): field for field in fields_of(kind)}
    found: list[str] = []

    def write(name: str, base: str, place: Place, path: str) -> None:
        lines = [f"class {name}({base}):"]
        if not path:
            lines += ["    record_kind: ClassVar[str]", "    schema: str"]
        for key, part in place.below.items():
            below = f"{path}{key}"
            if part.below:
                inner = name + "".join(each.title() for each in key.replace("-", "_").split("_"))
                write(inner, "Group", part, f"{below}.")
                said = f"list[{inner}]" if part.many else inner
            elif below not in fields:
                if key == "schema":
                    continue
                said = further(kind, key)
            else:
                said = word(fields[below])
                said = f"list[{said}]" if part.many else said if below in ALWAYS.get(kind, ()) else f"{said} | None"
            lines += [f"    @property\n    def {attribute_of(key)}(self) -> {said}: ..."]
        found.append("\n".join(lines) + "\n")

    write(KINDS[kind], "Typed", places(kind), "")
    return found


def main() -> int:
    text = HEAD + "".join(f"\n{each}" for kind in KINDS for each in classes(kind))
    if "--check" in sys.argv[1:]:
        stale = not TARGET.exists() or TARGET.read_text() != text
        print(f"{TARGET.relative_to(ROOT)} is stale: run tools/make_record_types.py" if stale else "", end="")
        return int(stale)
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
