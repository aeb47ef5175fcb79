"""The columns of the Packets list are of the table of fields: its own, and with packets.columns any other."""

from __future__ import annotations

import pytest

from netwatch.addons.packets.further import MOST, further_fields
from netwatch.addons.packets.kept import KeptFrames, records
from netwatch.schema import BY_NAME, fields_of
from netwatch.store.settings import SettingError, parse_settings
from netwatch.ui.tabs.connections.columns import head_of
from netwatch.ui.tabs.packets import columns as packets
from netwatch.ui.tabs.packets.part import seen
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

WANTED = "ttl, tcp.window_size_value ,http.host,bytes, tcp.flags.syn"


@pytest.fixture(name="driver", scope="module")
def _driver():
    session = Replayed("http.pcap", settings=parse_settings([f"packets.columns={WANTED}"]))
    yield Driver(session, 200, 50, tab="packets")
    session.stop()


def test_columns_tell_what_the_records_have(driver: Driver) -> None:
    driver.step()
    found = seen(driver.state)
    assert found is not None and [field.name for field in found.columns] == [
        "ttl", "tcp.window_size_value", "http.host", "bytes", "tcp.flags.syn"]
    session = driver.session
    told = 0
    for line in found.lines:
        record, flow = records(session, line.k, ("tcp.window_size_value", "tcp.flags.syn", "ttl"))
        assert flow is not None
        assert line.more == (record.get("ttl"), record.get("tcp.window_size_value"), flow.get("http", {}).get("host"),
                             flow["bytes_out"] + flow["bytes_in"], record.get("tcp.flags.syn"))
        told += sum(value is not None for value in line.more)
    assert told > 3 * len(found.lines)


def test_they_stand_before_what_a_frame_says_with_their_own_heads(driver: Driver) -> None:
    driver.step()
    keys = [slot.column.key for slot in packets.slots_of(driver.state, seen(driver.state), 194)]
    assert keys[-6:] == ["ttl", "tcp.window_size_value", "http.host", "bytes", "tcp.flags.syn", "info"]
    heads = next(line for line in driver.screen().splitlines() if "Info" in line)
    assert "TTL" in heads and "Host" in heads


@pytest.mark.parametrize("cols", [40, 80, 120])
def test_what_a_frame_says_keeps_its_room(driver: Driver, cols: int) -> None:
    slots = packets.slots_of(driver.state, seen(driver.state), cols - 6)
    assert slots[-1].column.key == "info" and slots[-1].width >= 16


def test_any_field_is_a_column(driver: Driver) -> None:
    line, glyphs = seen(driver.state).lines[0], driver.state.glyphs
    for name in {field.name for kind in ("packet", "flow") for field in fields_of(kind)}:
        (field,) = further_fields(name)
        (column,) = packets.further((field,))
        assert (column.key, bool(column.title)) == (name, True)
        assert column.cell(line._replace(more=(None,)), glyphs)[0] == glyphs.none
        assert column.cell(line._replace(more=(7,)), glyphs)[0] not in ("", glyphs.none)


@pytest.mark.parametrize("text", ["nothing", "ttl,,nothing.at.all", "alert.severity",
                                  ",".join(f.name for f in fields_of("packet")[:MOST + 1])])
def test_what_is_no_column_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        parse_settings([f"packets.columns={text}"])


def test_without_any_nothing_more_is_asked_of_a_frame() -> None:
    session = Replayed("http.pcap")
    assert session.get(KeptFrames).asked == () and session.get(KeptFrames).columns == ()
    session.stop()


def test_its_own_columns_are_of_the_table_of_fields(driver: Driver) -> None:
    own = {column.key: column for column in packets.COLUMNS}
    assert list(own) == ["n", "time", "src", "dst", "proto", "len", "flow", "process.name", "info"]
    for name, column in own.items():
        field = BY_NAME[name]
        assert {"packet", "flow"} & set(field.kinds)
        assert (column.title, column.help, column.right) == (head_of(field.title), field.help, field.align == "right")


@pytest.mark.parametrize("name", [column.key for column in packets.COLUMNS])
@pytest.mark.parametrize("cols", [80, 100, 200])
def test_what_is_named_and_stands_there_anyway_is_told_once_and_kept(name: str, cols: int) -> None:
    session = Replayed("http.pcap", settings=parse_settings([f"packets.columns={name}"]))
    try:
        driver = Driver(session, cols, 30, tab="packets")
        driver.step()
        slots = packets.slots_of(driver.state, seen(driver.state), cols - 6)
        assert [slot.column.key for slot in slots].count(name) == 1
        assert all(slot.x >= 0 and slot.width >= slot.column.least for slot in slots)
    finally:
        session.stop()


@pytest.mark.parametrize(("end", "host"), [
    ("10.0.0.1:443", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("[fe80::1]:53", "fe80::1"), ("fe80::1", "fe80::1"),
    ("82:0b:44:12:cd:c8", "82:0b:44:12:cd:c8"), ("addr-3:443", "addr-3"), ("", "")])
def test_an_end_is_told_without_its_port_where_both_have_no_room(end: str, host: str) -> None:
    assert packets.host_of(end) == host


def test_no_address_of_four_bytes_is_cut_at_80_columns() -> None:
    session = Replayed("http.pcap")
    try:
        driver = Driver(session, 80, 24, tab="packets")
        driver.step()
        places = {slot.column.key: slot for slot in packets.slots_of(driver.state, seen(driver.state), 74)}
        wide = [line._replace(source="192.168.255.255:65535", destination="192.168.100.100:40000")
                for line in seen(driver.state).lines]
        for line in wide:
            for key, end in (("src", "192.168.255.255"), ("dst", "192.168.100.100")):
                column = places[key].column
                assert places[key].width >= len(end) and column.brief(line, driver.state.glyphs) == end
    finally:
        session.stop()
