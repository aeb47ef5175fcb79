"""packets.columns: any field of frames and of their flows as a column of the Packets list."""

from __future__ import annotations

import pytest

from netwatch.addons.packets.further import MOST, further_fields
from netwatch.addons.packets.kept import KeptFrames, records
from netwatch.schema import fields_of
from netwatch.store.settings import SettingError, parse_settings
from netwatch.ui.tabs.packets import tab as packets
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
