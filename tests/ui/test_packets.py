"""The Packets tab on real captures, through its keys and mouse, on a screen without a terminal; its golden screens.

Golden screens are in tests/ui/golden; NETWATCH_GOLDEN=1 writes them anew.
"""
import pathlib
import time

import pytest
from golden_file import same_as_golden

from netwatch.addons.packets.questions import Packets, SavePackets, relative
from netwatch.addons.usage import Memory
from netwatch.capture.file import open_files
from netwatch.model.contract import Purpose
from netwatch.store.settings import SettingError, Settings, find
from netwatch.ui import keys
from netwatch.ui.tabs.packets import keys as packets_keys
from netwatch.ui.tabs.packets import tab as packets
from netwatch.ui.tabs.packets.part import leaf_at, leaves, part_of
from netwatch.ui.theme import GOOD
from tests.ui.driver import Driver
from tests.ui.replayed import HERE, Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"
CONTEXTS = ("packets", "packets_tree", "packets_bytes", "packets_notes", "packets_stream")
_sessions = {}


def session_of(name):
    """One session for each capture: nothing of it changes."""
    if name not in _sessions:
        _sessions[name] = Replayed(name)
        keylog = HERE / name.replace(".pcap", ".keys")
        _sessions[name].purpose = Purpose(label=name, keylogs=(str(keylog),) if keylog.exists() else ())
    return _sessions[name]


@pytest.fixture(scope="module", autouse=True)
def stop_sessions():
    yield
    for session in _sessions.values():
        session.stop()


def drive(name="http.pcap", cols=120, rows=40, **more):
    driver = Driver(session_of(name), cols, rows, tab="packets", **more)
    driver.step()
    return driver


def selected(driver):
    line = driver.selected_line()
    return next(int(word) for word in line.split() if word.isdecimal()) if line else 0


# ------------------------------------------------------------------------------------------------------------- goldens

def scene_list(cols, rows, **more):
    return drive(cols=cols, rows=rows, **more).keys("j", "j", "j", "m")


def scene_tree(cols, rows, **more):
    return drive("dns.pcap", cols, rows, **more).keys("j", "enter", "down", "down", "enter", "down", "down")


def scene_stream(cols, rows, **more):
    return drive(cols=cols, rows=rows, **more).keys("F")


def scene_hex(cols, rows, **more):
    return drive("tls13.pcap", cols, rows, **more).keys("F", "x")


def scene_notes(cols, rows, **more):
    return drive("pop3-tls.pcap", cols, rows, **more).keys("e")


SCENES = [(scene, size, look) for scene in (scene_list, scene_tree, scene_stream, scene_hex, scene_notes)
          for size in ((80, 24), (120, 40), (200, 50))
          for look in ("unicode", "ascii") if look == "unicode" or size == (80, 24)]
SCENES += [(scene, (40, 12), "unicode") for scene in (scene_list, scene_tree, scene_stream)]


@pytest.mark.parametrize(("scene", "size", "look"), SCENES)
def test_golden(scene, size, look):
    screen = scene(*size, ascii_only=look == "ascii").screen()
    path = GOLDEN / f"packets-{scene.__name__[6:]}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert screen.isascii()


# ------------------------------------------------------------------------------------------------------------ the list

def test_moving_and_the_ends_of_the_list():
    driver = drive()
    assert selected(driver) == 1
    assert selected(driver.keys("j", "down", "k")) == 2
    assert selected(driver.keys("G")) == 68
    assert part_of(driver.state).tail
    assert selected(driver.keys("up")) == 67
    assert not part_of(driver.state).tail
    assert selected(driver.keys("g")) == 1
    for _ in range(10):
        driver.keys("pgdn")
    assert selected(driver) == 68
    for _ in range(10):
        driver.keys("pgup")
    assert selected(driver) == 1


def test_every_frame_can_be_reached_one_by_one_on_the_smallest_screen():
    driver = drive(cols=40, rows=12)
    reached = [selected(driver)]
    for _ in range(67):
        reached.append(selected(driver.keys("j")))
    assert reached == list(range(1, 69))


def test_going_to_a_number_and_what_is_said_of_wrong_ones():
    driver = drive()
    assert selected(driver.will_type("41").keys("#")) == 41
    driver.will_type("4x").keys("#")
    assert "is no frame number" in driver.screen()
    assert selected(driver) == 41
    assert selected(driver.will_type("7000").keys("#")) == 68
    driver.keys("#")
    assert selected(driver) == 68


def test_marks():
    driver = drive().keys("n")
    assert "No frame is marked" in driver.screen()
    driver.keys("j", "m", "j", "j", "m", "g")
    assert [selected(driver.keys("n")) for _ in range(3)] == [2, 4, 2]
    assert [selected(driver.keys("N")) for _ in range(2)] == [4, 2]
    assert driver.state.glyphs.star in driver.selected_line()
    driver.keys("m")
    assert part_of(driver.state).marks == {3}


def test_marked_frames_are_listed():
    driver = drive().keys("l")
    assert "No frame is marked" in driver.screen()
    driver.keys("g", "m", "j", "j", "m", "l")
    assert [line.number for line in driver.state.snapshot.answer.notes] == [1, 3] and "2 marked" in driver.screen()
    driver.keys("k", "k", "enter")
    assert driver.state.parts["packets"].selected == driver.state.snapshot.answer.notes[0].k
    driver.keys("l")
    assert "2 marked" not in driver.screen()
    driver.keys("e")
    assert "2 marked" not in driver.screen()


def test_a_filter_of_frames_and_one_of_flows():
    driver = drive().keys("/").type("len > 200 and src == 10.77.0.2").keys("enter")
    shown = [line for line in driver.screen().splitlines() if "10.77.0.1:" in line and " B " in line]
    assert shown and all(line.split()[3 if line.startswith(driver.state.glyphs.bar) else 2] == "10.77.0.2:80"
                         for line in shown)
    driver.keys("esc", "/").type("http.path contains private").keys("enter")
    assert " of 68" in driver.line(2)
    driver.keys("esc")
    assert "68 frames" in driver.line(2)


def test_one_flow_and_back():
    driver = drive().will_type("32").keys("#", "o")
    assert "10 frames of flow 3" in driver.line(2)
    assert selected(driver) == 32
    driver.keys("esc")
    assert "68 frames  " in driver.line(2) and "all of the file" in driver.line(2)
    packets.show_flow(driver.state, 4)
    driver.step()
    assert "of flow 4" in driver.line(2)
    assert selected(driver) == 39
    packets.show_flow(driver.state, 4000)
    driver.step()
    assert "No frame of flow 4000 is kept" in driver.screen()


def test_times_are_of_the_clock_since_the_frame_before_or_since_the_start():
    driver = drive()
    found = packets.seen(driver.state)
    assert "Time" in driver.line(3)
    assert "Delta" in driver.keys("T").line(3)
    assert f"{(found.lines[1].ns - found.lines[0].ns) / 1e9:.6f}" in driver.line(5)
    assert "Since start" in driver.keys("T").line(3)
    assert "0.000000" in driver.line(4)
    assert f"{(found.lines[5].ns - found.lines[0].ns) / 1e9:.6f}" in driver.line(9)
    assert "Time" in driver.keys("T").line(3)


def test_sequence_numbers_count_from_where_each_side_began():
    assert relative("TCP: 1 > 2 [SYN] seq 700 ack 0 win 1", (700, -1)) == "TCP: 1 > 2 [SYN] seq 0 ack 0 win 1"
    assert relative("TCP: 1 > 2 [ACK] seq 0 ack 5", (2**32 - 1, 2)) == "TCP: 1 > 2 [ACK] seq 1 ack 3"
    assert relative("TCP: 1 > 2 [ACK] seq 9 ack 5", (-1, -1)) == "TCP: 1 > 2 [ACK] seq 9 ack 5"
    assert relative("UDP: 1 > 2", None) == "UDP: 1 > 2"
    lines = packets.seen(drive().state).lines
    first = [line.info for line in lines if "[SYN" in line.info]
    assert len(first) > 1 and all("seq 0 ack" in info for info in first)


def test_what_does_not_pass_is_said():
    driver = drive().keys("/").type("port == 9").keys("enter")
    assert "No frame kept passes the filter" in driver.screen()


# ------------------------------------------------------------------------------------------------ fields, bytes, copies

def test_a_field_and_its_bytes():
    driver = drive("dns.pcap").keys("j", "enter", "down", "down", "enter")
    lines = leaves(driver.state)
    while lines[leaf_at(driver.state, lines)].node.name != "ip.ttl":
        driver.keys("down")
    node = lines[leaf_at(driver.state, lines)].node
    assert (node.at, node.size, node.value) == (22, 1, 64)
    driver.keys("y", "b", "y")
    assert driver.copied == ["Time to live: 64", "40"]
    driver.keys("esc", "y")
    assert driver.copied[-1].startswith("2 10.77.0.2:53 > 10.77.0.1:34658 DNS")


def test_folding_stays_from_frame_to_frame():
    driver = drive().keys("enter", "down", "down", "right")
    assert "Time to live" in driver.screen()
    driver.keys("esc", "j")
    assert "Time to live" in driver.screen()
    driver.keys("enter", "left")
    assert "Time to live" not in driver.screen()
    driver.keys("z")
    assert all(leaf.opened is not False for leaf in leaves(driver.state))
    driver.keys("z")
    assert not any(leaf.opened for leaf in leaves(driver.state))


def test_panes_grow():
    driver = drive()
    rows = len([line for line in driver.screen().splitlines() if "10.77.0.1:" in line and " B " in line])
    fewer = drive().keys("d")
    assert 0 < len([line for line in fewer.screen().splitlines() if "10.77.0.1:" in line and " B " in line]) < rows
    assert "Destination" not in fewer.keys("d").screen()
    assert "Destination" in fewer.keys("esc", "esc").screen()


def test_notes_go_to_their_frames():
    driver = drive("pop3-tls.pcap").keys("e")
    assert "reset" in driver.screen()
    driver.keys("up", "enter")
    assert driver.state.snapshot.answer.chosen.line.severity > 0


# ------------------------------------------------------------------------------------------------------------- streams

def test_both_sides_one_side_and_hexadecimal():
    driver = drive().keys("F")
    screen = driver.screen()
    assert "GET / HTTP/1.1" in screen and "HTTP/1.1 200 OK" in screen
    assert "HTTP/1.1 200 OK" not in driver.keys("right").screen()
    assert "GET / HTTP/1.1" not in driver.keys("left").screen()
    assert "47 45 54 20" in driver.keys("a", "x").screen()
    assert "Decoded" in driver.keys("esc").screen()


def test_what_was_opened_and_what_was_not():
    assert "bal eht morf olleh" in drive("tls13.pcap").keys("F").screen()
    assert "encrypted" in drive("wireguard.pcap").keys("F").screen()
    assert "www" in drive("dns.pcap").keys("F").screen()


def test_keys_of_the_list_rest_while_a_stream_is_shown():
    driver = drive().keys("F")
    assert "packets" not in driver.state.contexts()
    driver.keys("o", "m", "e")
    part = part_of(driver.state)
    assert (part.flow, part.marks, part.notes) == (0, set(), False)


# ------------------------------------------------------------------------------------------------------------- saving

def test_what_is_shown_is_saved_and_nothing_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = []
    driver = drive("dns.pcap", do=lambda command: said.append(session_of("dns.pcap").do(command)))
    driver.keys("/").type("len > 100").keys("enter", "w", "w")
    found = sorted(tmp_path.glob("netwatch-*.pcapng"))
    said = [line for line in said if line]
    assert len(found) == 2 and said[0].endswith(str(min(found, key=lambda path: len(path.name))))
    source = open_files([str(found[0])])
    rows = source.batch()
    whole = open_files([str(HERE / "dns.pcap")]).batch()
    assert [row[-1] for row in rows] == [row[-1] for row in whole if row[3] > 100]
    assert "no frame" in session_of("dns.pcap").do(SavePackets(driver.state.parse("port == 9")))


def test_where_nothing_can_be_written_it_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert session_of("dns.pcap").do(SavePackets()).startswith("Not saved")


def test_a_file_has_no_capture_to_change():
    driver = drive()
    for key in ("ctrl-x", "i", "B"):
        driver.keys(key)
        assert "This is a file" in driver.screen()


# ------------------------------------------------------------------------------------------------------ keys and bounds

def test_every_key_has_an_action_and_does_no_harm():
    """In each pane, every key of every context of the tab, and each is in the table of actions."""
    mine = {key.action for key in keys.KEYS if key.context in CONTEXTS}
    assert mine <= set(packets_keys.ACTIONS)
    for way in ((), ("enter",), ("b",), ("e",), ("s",), ("#",)):
        for key in keys.KEYS:
            if key.context in CONTEXTS and key.action != "packets_save":
                driver = drive("dns.pcap", 80, 24).keys(*way, key.names[0])
                driver.screen()
                assert not driver.state.failed, (way, key)


def test_all_sizes():
    for cols, rows in ((40, 12), (60, 14), (80, 24), (109, 30), (110, 17), (400, 100)):
        for way in ((), ("enter",), ("b",), ("e",), ("s",), ("d", "d"), ("#",)):
            driver = drive(cols=cols, rows=rows).keys(*way)
            assert len(driver.screen().splitlines()) == rows
            assert not driver.state.failed, (cols, rows, way)


def test_the_mouse():
    driver = drive()
    driver.app.mouse("click", 7, 10)
    driver.step()
    assert selected(driver) == 4
    driver.app.mouse("wheel-down", 7, 10)
    driver.step()
    assert selected(driver) == 7
    places = packets.layout(driver.state)
    driver.app.mouse("click", places.tree.y + 3, 5)
    driver.app.mouse("click", places.tree.y + 3, 5)
    driver.step()
    assert "Time to live" in driver.screen()
    driver.app.mouse("wheel-down", places.bytes.y + 2, places.bytes.x + 5)
    driver.screen()
    assert not driver.state.failed


def test_drawing_is_quick():
    driver = drive(cols=200, rows=50).keys("j", "enter", "z")
    driver.screen()
    began = time.perf_counter()
    for _ in range(20):
        driver.app.draw(driver.canvas)
    assert (time.perf_counter() - began) / 20 < 0.025       # 5 ms are promised; machines differ


def test_the_answer_is_the_same_for_equal_questions():
    session = session_of("http.pcap")
    one, two = session.ask(Packets(anchor=0, selected=3)), session.ask(Packets(anchor=0, selected=3))
    assert one.lines == two.lines and one.chosen.data == two.chosen.data
    assert [line.number for line in one.lines] == list(range(1, 61))


def test_the_newest_frame_that_is_followed_is_decoded():
    """It is another one each time that is looked: what is decoded comes with the lines."""
    driver = drive(rows=40)
    packets.part_of(driver.state).tail = True
    for _ in range(2):
        driver.step()
    assert "No frame is selected" not in driver.screen() and "Frame 68:" in driver.screen()


def test_the_time_has_room_where_there_are_eighty_columns():
    driver = drive(cols=80, rows=24)
    assert "Time" in driver.line(3) and "11:32:55.673" in driver.line(4)
    assert "11:32:55.673" not in drive(cols=40, rows=12).screen()


def test_rules_of_the_users_own_colour_frames():
    """The first of several counts; a filter that is none is refused where it is set."""
    session = Replayed("http.pcap", settings=Settings({"packets.color.good": "tcp.flags.syn == 1",
                                                       "packets.color.bad": "http and n == 1"}))
    try:
        driver = Driver(session, 120, 40, tab="packets")
        driver.step()
        lines = packets.seen(driver.state).lines
        assert [line.ink for line in lines[:4]] == ["bad", "good", "", ""]
        row = next(y for y in range(40) if driver.line(y).lstrip().startswith("2 "))
        assert driver.canvas.style_at(row, driver.line(row).index("TCP")) & 63 == GOOD
    finally:
        session.stop()
    with pytest.raises(SettingError, match="packets"):
        find("packets.color.warn").accept("tcp and")


def test_the_memory_view_counts_the_frames():
    found = {store.name: store for store in session_of("http.pcap").ask(Memory())}
    assert found["frames of Packets"].used == 68 and found["frames of Packets"].size > 68 * 100
