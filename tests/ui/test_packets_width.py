"""What the Packets tab shows at each width: the bytes of a frame, and what it says."""
import pytest

from netwatch.ui.tabs.packets import columns as packets
from netwatch.ui.tabs.packets.part import cell_of, layout, leaf_at, leaves, octets_of, per_line, seen
from netwatch.ui.theme import REVERSE
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.fixture(name="drive", scope="module")
def _drive():
    session = Replayed("http.pcap")

    def made(cols, rows=40):
        driver = Driver(session, cols, rows, tab="packets")
        driver.step()
        return driver
    yield made
    session.stop()


@pytest.mark.parametrize(("cols", "each"), [(80, 16), (109, 16), (110, 16), (120, 16), (150, 16), (70, 16), (59, 8)])
def test_bytes_stand_where_their_places_say(drive, cols, each):
    """However wide the pane is: each line has the bytes of its offset, the selected field stands out among them."""
    driver = drive(cols=cols, rows=50).keys("home", "enter", "down")
    area, frame = layout(driver.state).bytes, octets_of(driver.state)
    assert per_line(area.width) == each
    lines = [line[area.x:area.x + area.width] for line in driver.screen().splitlines()[area.y + 1:]]
    node = leaves(driver.state)[leaf_at(driver.state, leaves(driver.state))].node
    assert node.size
    for i in range(0, len(frame), each):
        some = frame[i:i + each]
        if i // each >= area.height - 1:
            break
        line = lines[i // each]
        assert line[1:5] == f"{i:04x}"
        for k, octet in enumerate(some):
            at = 7 + cell_of(k, area.width)
            assert line[at:at + 2] == f"{octet:02x}"
            marked = driver.canvas.style_at(area.y + 1 + i // each, area.x + at) & REVERSE
            assert bool(marked) == (node.at <= i + k < node.at + node.size)
        said = "".join(chr(c) if 32 <= c < 127 else "." for c in some)
        assert said.rstrip() in line[7 + cell_of(each - 1, area.width) + 2:]


@pytest.mark.parametrize(("cols", "least"), [(80, 16), (100, 31), (120, 38), (200, 60)])
def test_what_a_frame_says_has_room_before_what_is_beside_it(drive, cols, least):
    driver = drive(cols=cols)
    slots = {slot.column.key: slot for slot in packets.slots_of(driver.state, seen(driver.state), cols - 6)}
    assert slots["info"].width >= least and "time" in slots
    assert slots["n"].width == 3, "no gutter before the numbers"
