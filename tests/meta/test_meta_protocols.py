"""Every registered protocol is whole: a describing half, fields in the table, a test, a fuzz target."""

from __future__ import annotations

import re

import pytest
from netwatch_command import ROOT

from netwatch import schema
from netwatch._fast.dpi import app_names
from netwatch._fast.out.protocols import DESCRIBE, DESCRIBING, LABEL, PLAIN
from netwatch._fast.proto.common.facts import Plain

APPS = [name for name in app_names() if name]
# these are read, tested and fuzzed with another
HOME = {"mdns": "dns", "llmnr": "dns", "nfs": "rpc", "ipfix": "netflow", "ftp-data": "ftp", "cdp": "lldp",
        "mld": "igmp"}


def test_fields_that_are_a_facts_text_say_how_it_is_shown() -> None:
    assert [(app, field) for field, places in PLAIN.items() for app, plain in places
            if not isinstance(plain, Plain)] == []


@pytest.mark.parametrize("app", APPS)
def test_a_protocol_is_whole(app: str) -> None:
    home = HOME.get(app, app)
    assert app in DESCRIBING and app in DESCRIBE and app in LABEL
    assert any(field.name.startswith(f"{app}.") for field in schema.FIELDS), "no field of it is in the table"
    for path in (ROOT / f"tests/proto/test_{home}.py", ROOT / f"fuzz/fuzz_{home}.py"):
        assert path.is_file() and len(path.read_text().splitlines()) > 6, f"{path} is missing or empty"
    folder = ROOT / "netwatch/_fast/proto"
    text = next(p for p in (folder / f"{home}.pyx", folder / home / "wire.pyx") if p.exists()).read_text()
    assert re.match(r'(?:#.*\n)*"""[^"]{40,}', text), "its file does not open with what it reads"


@pytest.mark.parametrize("app", APPS)
def test_describing_nothing_gives_little(app: str) -> None:
    found = DESCRIBE[app]([], False)
    assert isinstance(found, dict)
    assert isinstance(LABEL[app](found), str)
