"""Privacy mode: whatever is drawn, no address, MAC or name of the capture is in it; and what is typed works."""
from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from record_leaves import leaves

from netwatch.addons.exporting import ExportFlows
from netwatch.addons.groups import GroupsOf
from netwatch.addons.packets.questions import SavePackets
from netwatch.addons.preferences import Remember
from netwatch.addons.standpoint import seen
from netwatch.filter import Filter
from netwatch.privacy.answers import PUBLIC, WORDS
from netwatch.privacy.hiding import HIDDEN, SPECIAL
from netwatch.privacy.redactor import EVERYBODYS, classes
from netwatch.privacy.watch import REFUSED, PrivateWatch, UsePrivacy
from netwatch.schema import Privacy
from netwatch.store import crash
from netwatch.ui import privacy
from netwatch.ui.form import Answers, Form
from tests.ui.driver import Driver
from tests.ui.fake import FakeSession
from tests.ui.replayed import HERE, Replayed
from tests.ui.test_every_key import walk
from tests.ui.trouble import CLIENT, CODES, FAR, FARTHEST, NEAR, RESOLVER, SERVER, troubled

TABS = ("dashboard", "connections", "interfaces", "packets", "stats", "topology", "timeline", "processes", "insights",
        "egress")
CAPTURES = ("dns", "https", "netbios", "mdns", "dhcp", "kerberos", "ldap", "ftp", "grpc", "imap", "irc", "ike", "http",
            "smb")
SHORTEST = 4


def secrets_of(name: str) -> set[str]:
    """Addresses, MACs and names of a capture's flow records, which nothing else is called by."""
    private, public = set(), {"http", "https", "netwatch", "client"}
    for line in (HERE / f"{name}.ndjson").read_text().splitlines():
        record = json.loads(line)
        kind = str(record["schema"]).removeprefix("netwatch.").partition("/")[0]
        for path, value in leaves(record):
            if isinstance(value, str):
                known = classes(kind).get(path, Privacy.PUBLIC)
                (public if known is Privacy.PUBLIC else private).add(value.casefold())
    return {value for value in private if len(value) >= SHORTEST and value not in EVERYBODYS | public
            and not value.isdecimal() and re.search(r"[\w]", value)}


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


@contextmanager
def opened(name: str, folder: Path) -> Iterator[tuple[Any, set[str]]]:
    """A session, and what must not be seen of it."""
    if name == "trouble":
        session = troubled(folder)
        looked_for = {CLIENT, SERVER, RESOLVER, NEAR, FAR, FARTHEST, "192.168.1.66",
                      *(f"name{number}.example.net" for number in range(len(CODES)))}
    else:
        session, looked_for = Replayed(f"{name}.pcap"), secrets_of(name)
    try:
        yield session, looked_for
    finally:
        session.stop()


@pytest.mark.parametrize(("name", "tab"), [
    *(("http", tab) for tab in TABS), *(("trouble", tab) for tab in TABS if tab not in ("packets", "interfaces")),
    ("dhcp", "connections"), ("dhcp", "topology")])
def test_no_key_leads_to_what_is_private(name: str, tab: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every key in every tab, popup and form; forms are filled in as they are offered. Nothing private is on a screen,
    in a form, in what is copied, or in what is written."""
    reports: list[BaseException] = []
    monkeypatch.setattr(crash, "write_report", reports.append)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(Driver, "_fill_in", _accepted)
    with opened(name, tmp_path) as (session, looked_for):
        for path, driver in walk(PrivateWatch(session, True), tab):
            assert not leaked(driver.screen(), looked_for), path
            assert not any(leaked(text, looked_for) for text in driver.copied), path
            assert not any(leaked(repr(form), looked_for) for form in driver.forms), path
            assert not reports and not driver.state.failed and not driver.state.snapshot.error, (path, reports)
    for written in (tmp_path / "here").iterdir():
        assert not leaked(written.read_text(), looked_for), written


def _accepted(driver: Driver, form: Form) -> Answers:
    driver.forms.append(form)
    return form.answers()


@pytest.mark.parametrize("live", [True, False])
def test_a_live_session(live: bool):
    session = FakeSession(still=True, live=live, processes=True)
    looked_for = {str(value).casefold() for row in session.query(None, "bytes", True, 0, 1000, True).rows
                  for path, value in leaves(row)
                  if isinstance(value, str) and len(value) >= SHORTEST and value != session.label
                  and classes("flow").get(path, Privacy.PUBLIC) is not Privacy.PUBLIC and value.isprintable()}
    for keys in ((), ("enter",)):
        assert not leaked(private(session, tab="connections", cols=200, rows=50).keys(*keys).screen(), looked_for)
        assert leaked(Driver(session, tab="connections", cols=200, rows=50).keys(*keys).screen(), looked_for)


@pytest.fixture
def http() -> Iterator[PrivateWatch]:
    session = Replayed("http.pcap")
    yield PrivateWatch(session, True)
    session.stop()


def test_tokens_are_the_same_and_filter(http: PrivateWatch):
    driver = private(http, tab="connections")
    source = driver.state.snapshot.rows[0]["src"]
    assert re.fullmatch(r"addr-\d+", source)
    driver.keys("/").type(f"src == {source}").keys("enter")
    assert driver.state.snapshot.total == 6 and f"src == {source}" in driver.screen()
    driver.keys("/", "ctrl-u").type(f"src != {source}").keys("enter")
    assert driver.state.snapshot.total == 0
    driver.keys("esc", "/").type("src == 10.77.0.1").keys("enter")      # what is typed is hidden when it is in force
    assert driver.state.snapshot.total == 6 and "10.77.0.1" not in driver.screen()
    assert f"src == {source}" in driver.screen()
    driver.keys("/", "enter")
    assert driver.state.snapshot.total == 6


def test_drilling_works_with_tokens(http: PrivateWatch):
    for tab in ("egress", "topology", "dashboard"):
        driver = private(http, tab=tab).keys("right")
        assert driver.state.tab == "connections" and driver.state.snapshot.total == 6, tab
        assert not leaked(driver.screen(), secrets_of("http"))


def test_frames_are_not_saved_and_records_are_redacted(http: PrivateWatch, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert http.do(SavePackets()) == REFUSED and not list(tmp_path.iterdir())
    for style in ("ndjson", "csv"):
        said = http.do(ExportFlows("flows", style))
        assert said.startswith("6 flows written to ") and str(tmp_path) in said
        text = (tmp_path / f"netwatch-flows.{style}").read_text()
        assert "addr-1" in text and not leaked(text, secrets_of("http"))
    http.do(UsePrivacy(False))
    assert "frames written" in http.do(SavePackets())


def test_it_is_switched_at_run_time(http: PrivateWatch):
    http.on = False
    driver = private(http, tab="connections")
    looked_for = secrets_of("http")
    driver.keys("/").type("src == 10.77.0.1").keys("enter", "enter")
    assert leaked(driver.screen(), looked_for)
    for on in (True, False):
        driver.app.state.settings = driver.app.state.settings.but("ui.privacy", on, "a test")
        driver.app.state.use_privacy(on)
        assert not leaked(driver.screen(), looked_for) or not on       # nothing stays, even before the answer is there
        driver.poller._do_commands()
        driver.step()
        assert driver.state.snapshot.total == 6
        assert bool(leaked(driver.screen(), looked_for)) is not on, on


def test_what_goes_wrong_is_told_with_tokens(http: PrivateWatch):
    class Broken:
        def answer(self, session: Any) -> Any:
            raise ValueError("no flow of 10.77.0.1 at aa:bb:cc:dd:ee:ff to secret.example.com")

    with pytest.raises(Exception, match=r"ValueError: no flow of addr-\d+ at mac-\d+ to name-\d+"):
        http.ask(Broken())


def test_a_new_field_is_private():
    @dataclasses.dataclass(frozen=True)
    class New:
        text: str = "alice"
        data: bytes = b"alice"
        more: tuple[str, ...] = ("alice", "10.1.2.3")
        by: dict[str, int] = dataclasses.field(default_factory=lambda: {"alice": 1})

    shown = PrivateWatch(FakeSession(still=True), True).hiding.answer(New())
    assert "alice" not in repr(shown) and "10.1.2.3" not in repr(shown)


def test_what_is_said_to_be_public_is_there():
    """No entry outlives the field that it is of."""
    for name, fields in (*PUBLIC.items(), *WORDS.items(),
                         *((key.rpartition(".")[0], {key.rpartition(".")[2]}) for key in SPECIAL)):
        module, _, kind = name.rpartition(".")
        told = getattr(importlib.import_module(f"netwatch.{module}"), kind)
        assert set(fields) <= set(vars(told)["__annotations__"]), name


def test_why_bytes_are_not_shown_is_said(http: PrivateWatch):
    shown = private(http, tab="packets", cols=80, rows=40).screen()
    assert "2a 2a 2a 2a" in shown and HIDDEN in shown
    assert HIDDEN in private(http, tab="packets", cols=80, rows=40).keys("F").screen()


@pytest.mark.parametrize("text", [
    "src == 10.77.0.1", "process:mytool", "sni == api.example.com and bytes > 1MB", "host matches /foo.*bar/",
    'process.name == "my own program"', "http.path == /index.html", "ip.src in {10.0.0.1, 10.0.0.2}", "alice or bob",
    "mac == aa:bb:cc:dd:ee:ff", 'label contains "GET /x"'])
def test_a_filter_comes_back_as_it_was_typed(text: str):
    hiding = PrivateWatch(FakeSession(still=True), True).hiding
    shown = hiding.words(text)
    assert hiding.filter(shown) == text
    for private_word in ("10.77.0.1", "mytool", "api.example.com", "alice", "10.0.0.2", "aa:bb:cc", "index.html"):
        assert private_word not in shown
    assert "src" not in text or "src" in shown


def test_what_a_flow_says_keeps_its_protocol(http: PrivateWatch):
    hiding = http.hiding
    host = hiding.name("www.lab.example")
    said = {label: hiding.record({"id": 1, "proto": "tcp", "app": app, "label": label})["label"] for label, app in (
        ("TLS www.lab.example", "tls"), ("mDNS PTR alice", "mdns"), ("FTP ADMIN", "ftp"), ("tls", "tls"),
        ("alice TLS", "tls"))}
    assert said["TLS www.lab.example"] == f"TLS {host}" and said["tls"] == "tls"
    assert said["mDNS PTR alice"].startswith("mDNS name-") and re.fullmatch(r"FTP name-\d+", said["FTP ADMIN"])
    assert re.fullmatch(r"name-\d+", said["alice TLS"])
    assert hiding.restored(said["TLS www.lab.example"]) == "TLS www.lab.example"


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("question", [None, GroupsOf("host"), GroupsOf("process", unfolded=True)])
def test_no_key_of_a_record_is_taken_for_a_name(name: str, question: Any):
    """What the schema forgets is hidden, key and all: nothing is there, and the word is hidden from then on."""
    session = Replayed(f"{name}.pcap")
    try:
        watch = PrivateWatch(session, True)
        hidden, true = (each.ask(question).rows if question else each.query(None, "bytes", True, 0, 1000, True).rows
                        for each in (watch, session))
        assert true
        for private_row, row in zip(hidden, true, strict=True):
            assert {path for path, _ in leaves(private_row) if "headers" not in path} == \
                {path for path, _ in leaves(row) if "headers" not in path}
    finally:
        session.stop()


@pytest.mark.parametrize("turned", [False, True])
def test_this_machine_is_the_point_of_view_in_privacy_mode_too(http: PrivateWatch, turned: bool):
    """Local and remote ends as without it: who answers here is local."""
    records = [http._watch.flow(number) for number in range(1, 7)]
    for record in filter(None, records):
        row = seen(record, None, turned)
        hidden = http.hiding.record(row)
        for end in ("local", "remote"):
            assert http.hiding.restored(hidden[end]) == row[end] and hidden[end] != row[end]
            assert hidden[f"{end}_port"] == row[f"{end}_port"]
        assert hidden.get("turned", False) is turned


def test_the_dns_servers_that_dhcp_gives_are_in_the_table_of_fields():
    assert classes("flow")["dhcp.dns"] is Privacy.ADDRESS


def test_a_name_of_several_words_is_quoted_and_kept_so(http: PrivateWatch, monkeypatch: pytest.MonkeyPatch):
    token = http.hiding.name("my own program")
    assert http.hiding.filter(f"process.name == {token}") == 'process.name == "my own program"'
    assert http.hiding.filter(f'process.name == "{token}"') == 'process.name == "my own program"'
    kept: list[Remember] = []
    monkeypatch.setattr(Replayed, "do", lambda self, command: kept.append(command) or "", raising=False)
    http.do(Remember(f"process.name == {token}", 9))
    assert kept == [Remember('process.name == "my own program"', 9)]
