"""Privacy mode: whatever is drawn, no address, MAC or name of the capture is in it; and what is typed works."""
from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netwatch.addons.exporting import ExportFlows
from netwatch.addons.packets.questions import SavePackets
from netwatch.filter import Filter
from netwatch.privacy.redactor import EVERYBODYS, classes
from netwatch.privacy.watch import REFUSED, PrivateWatch, UsePrivacy
from netwatch.schema import Privacy
from netwatch.store import crash
from netwatch.ui import privacy
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import HERE, Replayed
from tests.ui.test_every_key import walk

TABS = ("dashboard", "connections", "interfaces", "packets", "stats", "topology", "timeline", "processes", "insights",
        "egress")
CAPTURES = ("dns", "https", "netbios", "mdns", "dhcp", "kerberos", "ldap", "ftp", "grpc", "imap", "irc", "ike", "http",
            "smb")
SHORTEST = 4


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def secrets_of(name: str) -> set[str]:
    """Addresses, MACs and names of a capture's flow records, which nothing else is called by."""
    private, public = set(), {"http", "https", "netwatch"}
    for line in (HERE / f"{name}.ndjson").read_text().splitlines():
        record = json.loads(line)
        kind = str(record["schema"]).removeprefix("netwatch.").partition("/")[0]
        for path, value in leaves(record):
            if isinstance(value, str):
                known = classes(kind).get(path, Privacy.PUBLIC)
                (public if known is Privacy.PUBLIC else private).add(value.casefold())
    return {value for value in private if len(value) >= SHORTEST and value not in EVERYBODYS | public
            and not value.isdecimal() and " " not in value and re.search(r"[\w]", value)}


def leaked(text: str, looked_for: set[str]) -> list[str]:
    text = text.casefold()
    return [value for value in looked_for if value in text
            and re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w:-]|\.\w)", text)]


def private(session: Any, **more: Any) -> Driver:
    watch = session if isinstance(session, PrivateWatch) else PrivateWatch(session, True)
    driver = Driver(watch, **more)
    driver.app.state.parse = privacy.parsing(watch, Filter)
    driver.app.state.do = driver.poller.do
    driver.app.state.settings = driver.app.state.settings.but("ui.privacy", watch.on, "a test")
    privacy.begin(driver.app.state, watch)
    return driver


def screens(session: Any, make: Any) -> Iterator[tuple[str, str]]:
    for tab in TABS:
        driver = make(session, tab=tab, cols=200, rows=50)
        yield tab, driver.screen()
        for keys in (("enter",), ("end",), ("e",), ("F",), ("g",), ("s",)):
            driver = make(session, tab=tab, cols=200, rows=50).keys(*keys)
            yield f"{tab} {keys}", driver.screen()
    for view in ("lite", "dense"):
        yield view, make(session, view=view, cols=200, rows=50).screen()


@pytest.mark.parametrize("name", CAPTURES)
def test_nothing_private_is_drawn(name: str):
    looked_for = secrets_of(name)
    session = Replayed(f"{name}.pcap")
    try:
        watch = PrivateWatch(session, True)
        for where, text in screens(watch, private):
            assert not leaked(text, looked_for), where
        watch.on = False
        assert any(leaked(text, looked_for) for _, text in screens(session, Driver))  # so that this can fail
    finally:
        session.stop()
