"""What is remembered while frames go by: interfaces over time, and notes of the engine, bounded and in order."""
from dataclasses import replace

import pytest
from running import finished
from wire import ACK, MS, RST, SECOND, START, SYN, pcap, tcp, udp

from netwatch._fast.engine import Engine
from netwatch._fast.flow.notes import Notes
from netwatch._fast.input.box import Box
from netwatch._fast.os.ifcount import InterfaceCounts
from netwatch._fast.out.notes import KEPT, counts, forgotten, histogram, newest, turn
from netwatch._fast.view.engineview import EngineView
from netwatch.addons.hosts import hosts_of
from netwatch.addons.interface_readings import Coverage, Reading, changes
from netwatch.addons.interfaces import InterfacesAddon
from netwatch.capture.file import open_files
from netwatch.model.host import Host, Unavailable
from netwatch.model.machine import Counters, Link
from netwatch.platform import current
from netwatch.platform.resolvers import nameservers
from tests.ui.trouble import packet

ETH0 = Counters("eth0", 100, 100, 1, 1, 0, 0, up=True)
LINK = Link("eth0", addresses=((b"\xc0\0\2\1", 24),), carrier=True)


class Machine(Host):
    def __init__(self):
        self.now, self.links_now = [ETH0], [LINK]

    def counters(self):
        return self.now

    def links(self):
        return self.links_now


def told(old, new):
    return [change.text for change in changes(old, new, 5)]


def test_changes_of_interfaces_are_told():
    before = Reading(((ETH0, None),), {"eth0": LINK})
    assert told(before, before) == []
    assert told(before, Reading()) == ["eth0 is gone"]
    assert told(Reading(), before) == ["eth0 appeared"]
    down = Reading(((replace(ETH0, up=False), None),), {"eth0": replace(LINK, carrier=False)})
    assert told(before, down) == ["eth0 went down"]
    assert told(down, before) == ["eth0 went up"]
    loose = Reading(((ETH0, None),), {"eth0": replace(LINK, carrier=False)})
    assert told(before, loose) == ["eth0 lost its link (no carrier)"]
    moved = Reading(((ETH0, None),), {"eth0": replace(LINK, addresses=((b"\xc0\0\2\2", 24),))})
    assert told(before, moved) == ["eth0 got address 192.0.2.2/24", "eth0 lost address 192.0.2.1/24"]


def test_samples_are_kept_and_a_refusal_is_told():
    machine = Machine()
    keeper = InterfacesAddon(machine)
    for n in range(3):
        machine.now = [replace(ETH0, rx_bytes=100 + 1000 * n)]
        keeper.sample()
    assert len(keeper.histories["eth0"]) == 2
    assert all(rx > 0 and tx == 0 for rx, tx in keeper.histories["eth0"])

    def refuse():
        raise Unavailable("not here")

    machine.counters = refuse
    keeper._rates._read = refuse
    keeper.sample()
    assert keeper.latest.why == "not here"


def test_how_much_of_an_interface_is_captured():
    """Of what was counted since the first reading; little tells nothing, and counters may begin anew."""
    coverage = Coverage()

    def share(rx, tx, captured, loopback=False):
        return coverage.share(replace(ETH0, rx_bytes=rx, tx_bytes=tx), loopback, captured)

    assert share(5_000_000, 1_000_000, 700) is None
    assert share(5_050_000, 1_010_000, 50_700) is None      # 60,000 bytes are too few
    assert share(5_300_000, 1_100_000, 100_700) == 0.25
    assert share(5_300_000, 1_100_000, 500_000) == 1.0      # counted without headers
    assert share(10, 0, 500_000) is None
    assert share(100_010, 100_000, 600_000) == 0.5
    coverage = Coverage()
    assert [share(10, 0, 0), share(1_000_010, 0, 300_000)] == [None, 0.3]
    assert share(500_000, 0, 300_000) is None, "they began anew, above what they were at first"
    assert share(700_000, 0, 400_000) == 0.5
    coverage = Coverage()
    assert share(0, 0, 0, loopback=True) is None
    assert share(200_000, 200_000, 200_000, loopback=True) == 1.0


def test_links_of_this_machine():
    links = {link.name: link for link in current().links()}
    assert links["lo"].kind == "loopback"
    assert (b"\x7f\0\0\1", 8) in links["lo"].addresses


def test_name_servers(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("# nameserver 9.9.9.9\nnameserver 127.0.0.53\nsearch x\nnameserver\n")
    second.write_text("nameserver 192.0.2.53\n")
    assert nameservers((str(first), str(second))) == ("127.0.0.53", "192.0.2.53")
    assert nameservers((str(second), str(first))) == ("192.0.2.53",)
    assert nameservers((str(tmp_path / "none"),)) == ()


@pytest.fixture
def watched(tmp_path):
    """A function that reads frames through an engine with Notes; gives engine, notes, and the counts of interfaces."""
    sources = []

    def run(frames, **options):
        path = tmp_path / f"{len(sources)}.pcap"
        path.write_bytes(pcap(frames))
        source = open_files([str(path)])
        sources.append(source)
        engine, notes, box, taken = Engine(**options), Notes(), Box(), InterfaceCounts()
        engine.note_into(notes)
        while box.fill(source) > 0:
            engine.process(box)
            taken.take(box)
            turn(notes, engine)
        return engine, notes, taken, source
    yield run
    for source in sources:
        source.close()


def refusals(n, apart):
    for i in range(n):
        at = START + i * apart
        yield at, packet(6, tcp(1024 + i, 81, SYN, 0, 0), "192.0.2.1", "192.0.2.2")
        yield at + 1, packet(6, tcp(81, 1024 + i, RST | ACK, 0, 1), "192.0.2.2", "192.0.2.1")


def test_a_flood_is_folded_and_every_one_counted(watched):
    engine, notes, _, _ = watched([*refusals(100, MS), (START + 5 * SECOND, packet(17, udp(1, 2, b""), "192.0.2.1",
                                                                                   "192.0.2.2"))])
    assert counts(notes)["refused"] == 100
    found = newest(notes, engine, "refused", 0, 500)
    assert len(found) == 9                                         # eight of that second, and one for the others
    assert found[0]["flow"] == 0
    assert found[0]["value"] == 92
    assert {note["dst"] for note in found[1:]} == {"192.0.2.2"}
    assert sum(histogram(notes, START, START + 10 * SECOND, 10, ["refused"])) == 100


def test_notes_are_bounded_and_what_was_forgotten_is_known(watched):
    engine, notes, _, _ = watched(list(refusals(KEPT + 100, SECOND)))
    assert len(newest(notes, engine, "refused", 0, 5000)) == KEPT
    assert forgotten(notes)["refused"] == 100
    assert counts(notes)["refused"] == KEPT + 100
    assert sum(histogram(notes, START, START + 1200 * SECOND, 12, ["refused"])) == KEPT + 100


def test_a_reset_is_told_once_and_not_after_the_end(watched):
    frames = [packet(6, tcp(1, 2, SYN, 0, 0), "192.0.2.1", "192.0.2.2"),
              packet(6, tcp(2, 1, SYN | ACK, 0, 1), "192.0.2.2", "192.0.2.1"),
              *[packet(6, tcp(2, 1, RST, 1, 1), "192.0.2.2", "192.0.2.1")] * 5]
    engine, notes, _, _ = watched([(START + i * MS, frame) for i, frame in enumerate(frames)])
    (note,) = newest(notes, engine, "reset", 0, 10)
    assert note["by"] == 1
    assert counts(notes)["refused"] == 0


def test_clocks_of_interfaces(watched):
    frame = packet(17, udp(1, 2, b"x" * 40), "192.0.2.1", "192.0.2.2")
    _, _, taken, _ = watched([(START + 3 * SECOND, frame), (START + 2 * SECOND + 1, frame), (START, frame, 500)])
    found = taken.of(0)
    assert (found["frames"], found["clock_steps"], found["largest_step_ns"]) == (3, 1, 2 * SECOND + 1)
    assert (found["bytes"], found["cut"]) == (2 * len(frame) + 500, 1)
    assert (found["first_ns"], found["last_ns"]) == (START, START + 3 * SECOND)
    assert taken.of(9)["frames"] == 0


def test_the_largest_hosts_are_found_among_many(watched):
    frames = []
    for i in range(2000):
        size = (i * 7919) % 1400
        frames.append((START + i * 1000, packet(17, udp(1, 2, bytes(size)), "192.0.2.1", f"10.0.{i // 250}.{i % 250}")))
    engine, _, _, source = watched(frames)
    view = EngineView(engine, source.interfaces)
    found, total, rest = finished(hosts_of(view, None, 20))
    sizes = sorted(((i * 7919) % 1400 for i in range(2000)), reverse=True)[:19]
    assert (total, rest) == (2001, 0)
    assert [host["bytes_in"] - 42 for host in found[1:]] == sizes
    assert found[0]["address"] == "192.0.2.1"
    assert found[0]["flows"] == 2000


def test_a_host_that_talks_to_itself_has_each_flow_once(watched):
    engine, _, _, source = watched([(START, packet(17, udp(1, 2, b""), "127.0.0.1", "127.0.0.1"))])
    view = EngineView(engine, source.interfaces)
    (host,), total, _ = finished(hosts_of(view, None, 5))
    assert (total, host["flows"], host["live"]) == (1, 1, 1)
    assert host["address"] == "127.0.0.1"
