"""Begins a protocol: writes the files it consists of and the lines that name it elsewhere, ready to be filled in.

    python tools/new_protocol.py NAME [--tcp] [--udp]     TCP unless told otherwise

What is written compiles and claims no flow. Tests fail until the author has had their say: the meta-test until the
protocol's file tells what it reads, its own until there are conversations and the parser knows them.
Nothing that exists is overwritten. The reference pages follow from the file's first sentence and the fields.
"""
import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO, TALKS = "netwatch/_fast/proto", "tests/proto"
LAST_GROUP = r"^([A-Z]+ = \([^()]*?),?(\s*)\)\s*\Z"
DPI, DESCRIBING, MESSAGES = "netwatch/_fast/dpi.pyx", "netwatch/_fast/out/protocols.py", f"{TALKS}/messages.py"

TREE = '''"""Fields of NAME's messages."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Raw

TREE = Layout("NAME", "NAME", (Raw("NAME.data", "Data"),))
'''
PXD = '''"""NAME; see NAME.pyx."""
from netwatch._fast.look.protocol cimport Proto

cdef void NAME_define(Proto* p) noexcept nogil
'''

PYX = '''"""NAME."""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look, Proto, ON_BOTH, PARSE_DONE
from netwatch._fast.proto.common.facts import TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    KEY_VERSION = 1


cdef int NAME_detect(Look* look, Slice data) noexcept nogil:
    """How sure are we: 0 to 100, or DETECT_MORE while fewer than 64 bytes fit but do not suffice."""
    return 0


cdef int NAME_parse(Look* look, Slice data) noexcept nogil:
    """Whole units only; what they tell goes to fact_once and its sisters."""
    look.used = data.n
    return PARSE_DONE


cdef void NAME_define(Proto* p) noexcept nogil:
    memset(p.first, 0, sizeof(p.first))
    p.name = "NAME"
    p.on = ON_WHAT
    p.detect = NAME_detect
    p.parse = NAME_parse
    p.lost = NULL
    p.closing = NULL
    p.free = NULL


# --- describing ---

_FIELDS = (("version", KEY_VERSION, TEXT),)
FACT_FIELDS = fact_fields("NAME", _FIELDS)


def describe(facts) -> dict:
    """The `NAME` object."""
    return described(facts, _FIELDS)


def label(obj: dict) -> str:
    """One line for the flow."""
    return words("NAME", obj.get("version"))
'''

TALK = '''"""Conversations of NAME, for its test and its fuzz target: real exchanges, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = []
'''

TEST_TCP = '''"""NAME: whole conversations, however cut; what is and is not taken for it."""

import pytest
from cuts import check_talk
from netwatch._fast.out.probe import Probe
from talk_NAME import TALKS

from netwatch._fast.proto import NAME


def make():
    return Probe("NAME")


def test_there_are_conversations():
    assert TALKS, "put real exchanges, both sides of each, into tests/proto/talk_NAME.py"


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, NAME, talk)


def test_its_own_words_are_taken_for_it():
    assert [turns for turns, *_ in TALKS if make().detect(turns[0][1]) > 0], "nothing is taken for NAME"


FRIENDS = [b"GET / HTTP/1.1\\r\\n\\r\\n", b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc", bytes(64)]


@pytest.mark.parametrize("data", FRIENDS)
def test_false_friends(data):
    assert make().detect(data) == 0
'''

TEST_UDP = '''"""NAME: what its datagrams tell, and what is not taken for it."""

from datagrams import check_datagrams, flow, said, show
from messages import CONVERSATIONS

from netwatch._fast.proto import NAME


def test_there_are_conversations():
    assert CONVERSATIONS["NAME"], "put real exchanges, both sides of each, into tests/proto/messages.py"


def test_its_own_words_are_taken_for_it():
    assert [data for _, data in CONVERSATIONS["NAME"] if flow("NAME").detect(data) > 0], "nothing is taken for NAME"


def test_a_conversation():
    assert show(NAME, said("NAME")) == {"version": "1"}


def test_hostile():
    check_datagrams("NAME", NAME)
'''

FUZZ_TCP = '''"""For any bytes, cut in any way, the parser of NAME gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import NAME

if __name__ == "__main__":
    fuzz("NAME", NAME)
'''

FUZZ_UDP = '''"""For any datagrams, the parser of NAME keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import NAME

if __name__ == "__main__":
    fuzz("NAME", NAME)
'''

FIELDS = '''_NAME = (
    _field("NAME.version", "flow", TEXT, "VERSION", 8, "Version spoken."),
)

'''


class Refused(Exception):
    """Why nothing was written."""


def group_of_fields(root: Path) -> str:
    """The shortest file of the table that ends in one list of its groups: the new group goes there."""
    fit = [path for path in sorted((root / "netwatch/schema").glob("*.py"))
           if path.name not in ("__init__.py", "field.py") and re.search(LAST_GROUP, path.read_text("utf-8"), re.M)
           and re.search(r"^from netwatch\.schema\.field import .*\bTEXT\b|^    TEXT,$", path.read_text("utf-8"), re.M)]
    if not fit:
        raise Refused("no file of netwatch/schema/ ends in a list of its groups: GROUP = (*_ONE, *_OTHER)")
    return str(min(fit, key=lambda path: path.read_text("utf-8").count("\n")).relative_to(root))


def after_last(pattern: str, text: str, line: str) -> str:
    """The text with a line more, behind the last that the pattern finds."""
    *_, last = re.finditer(pattern, text, re.M)
    return text[:last.end()] + line + text[last.end():]


def in_order(text: str, name: str) -> str:
    """dpi.pyx with the cimport of the name at its place in the alphabet."""
    lines = list(re.finditer(r"^from netwatch\._fast\.proto\.([\w.]+) cimport .*\n", text, re.M))
    at = next((found.start() for found in lines if found[1] > name), lines[-1].end())
    return text[:at] + f"from netwatch._fast.proto.{name} cimport {name}_define\n" + text[at:]


def written(name: str, tcp: bool, udp: bool) -> dict[str, str]:
    """The new files: path to text."""
    on = " | ".join(word for word, wanted in (("ON_TCP", tcp), ("ON_UDP", udp)) if wanted)
    pyx = PYX.replace("ON_BOTH", on.replace(" |", ",")).replace("ON_WHAT", on)
    files = {f"{PROTO}/NAME.pxd": PXD, f"{PROTO}/NAME.pyx": pyx, f"{PROTO}/NAME_tree.py": TREE,
             f"{TALKS}/test_NAME.py": TEST_TCP if tcp else TEST_UDP, "fuzz/fuzz_NAME.py": FUZZ_TCP if tcp else FUZZ_UDP}
    if tcp:
        files[f"{TALKS}/talk_NAME.py"] = TALK
    return {path.replace("NAME", name): text.replace("NAME", name) for path, text in files.items()}


def wired(root: Path, name: str, udp_alone: bool, port: int) -> dict[str, str]:
    """The files that get a line more: path to their new text."""
    def text_of(path: str) -> str:
        return (root / path).read_text("utf-8")

    fields = group_of_fields(root)
    stub, constant = FIELDS.replace("NAME.", f"{name}.").replace("_NAME", f"_{name.upper()}"), f"*_{name.upper()}"
    group = re.sub(LAST_GROUP, lambda found: f"{stub}{found[1]}, {constant}{found[2]})\n", text_of(fields), flags=re.M)
    changed = {DPI: after_last(r"^enroll\(\w+\)\n", in_order(text_of(DPI), name), f"enroll({name}_define)\n"),
               DESCRIBING: after_last(r'^    "\w+": "[\w.]+",\n(?=})', text_of(DESCRIBING),
                                      f'    "{name}": "{name}",\n'),
               fields: group}
    if udp_alone:
        talks = re.sub(r"^CONVERSATIONS = \{\n", f'\\g<0>    "{name}": [],\n', text_of(MESSAGES), count=1, flags=re.M)
        changed[MESSAGES] = re.sub(r"^PORTS = \{\n", f'\\g<0>    "{name}": {port},\n', talks, count=1, flags=re.M)
    return changed


def begin(root: Path, name: str, tcp: bool, udp: bool, port: int = 0) -> list[str]:
    """Write all of it under `root`; the paths, new ones first. Refused leaves the tree as it was."""
    if not re.fullmatch(r"[a-z][a-z0-9]{1,15}", name) or keyword.iskeyword(name):
        raise Refused(f"{name!r}: a name has 2 to 16 lower-case letters and digits and begins with a letter")
    files = written(name, tcp, udp)
    there = [path for path in (*files, f"{PROTO}/{name}.py", f"{PROTO}/{name}") if (root / path).exists()]
    if there or f'"{name}"' in (root / DESCRIBING).read_text("utf-8"):
        raise Refused(f"{name} is there already: {' '.join(there) or DESCRIBING}")
    changed = wired(root, name, udp and not tcp, port)
    for path, text in {**files, **changed}.items():
        (root / path).write_text(text, "utf-8")
    subprocess.run([sys.executable, str(root / "tools/make_reference.py")], check=True)
    return [*files, *changed]


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("name")
    words.add_argument("--tcp", action="store_true")
    words.add_argument("--udp", action="store_true")
    words.add_argument("--port", type=int, default=0, help="its usual port, for the test of a datagram protocol")
    given = words.parse_args()
    try:
        paths = begin(ROOT, given.name, given.tcp or not given.udp, given.udp, given.port)
    except Refused as why:
        print(why, file=sys.stderr)
        return 2
    print("\n".join(paths))
    print(f"\nFill them in, beginning with the first lines of {PROTO}/{given.name}.pyx; then ./test.sh -k {given.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
