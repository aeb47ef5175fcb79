"""The last minute of a flow: what its row tells at one look is certain, and nothing else is claimed."""
import pytest

from netwatch.ui.tabs.connections.flow_cells import last_minute, minute_of
from netwatch.ui.theme import ASCII
from tests.engine import wire
from tests.ui.replayed import Replayed


def datagram(second, size, back=False, port=4000):
    ends = (wire.B4, wire.A4) if back else (wire.A4, wire.B4)
    ports = (53, port) if back else (port, 53)
    return wire.START + second * wire.SECOND, wire.eth(wire.ip4(17, wire.udp(*ports, bytes(size)), *ends))


def replayed(folder, frames):
    path = folder / "made.pcap"
    path.write_bytes(wire.pcap(frames))
    return Replayed(str(path))


def minutes(session):
    """(out, in) of the first flow, by its record."""
    row, = (each for each in session.query(None, "id", False, 0, 9, True).rows if each["sport"] == 4000)
    return minute_of(row, 0), minute_of(row, 1)


@pytest.fixture(name="idle")
def _idle(tmp_path):
    """A flow of ten seconds, which a later flow leaves ten more behind."""
    frames = [datagram(second, 100 + second) for second in range(10)] + [datagram(9, 500, back=True)]
    session = replayed(tmp_path, [*frames, datagram(20, 10, port=5000)])
    yield session
    session.stop()


def test_seconds_since_the_last_frame_are_zero_and_two_are_counted(idle):
    out, into = minutes(idle)
    head = 14 + 20 + 8
    assert len(out) == len(into) == 60
    assert out[-10:] == into[-10:] == [0] * 10                         # seconds 10 to 19: 20 is not over
    assert out[-11] == head + 109
    assert into[-11] == head + 500
    assert out[-12] == head + 108
    assert into[-12] == 0


def test_seconds_nobody_looked_at_are_not_claimed(idle):
    out, into = minutes(idle)
    assert set(out[:-14]) == set(into[:-14]) == {None}
    assert out[-14:-12] == [14 + 20 + 8 + 100 + second for second in (6, 7)] and into[-14:-12] == [0, 0]
    assert last_minute({"minute": None}, ASCII)[0].strip() == ""
    assert idle.query(None, "id", False, 0, 9, True).rows[0]["minute"] is not None


def test_the_second_that_is_not_over_is_not_told(tmp_path):
    session = replayed(tmp_path, [datagram(0, 100), datagram(1, 100), datagram(2, 900)])
    out, _ = minutes(session)
    session.stop()
    assert out[-1] == 142
    assert set(out[:-1]) <= {None, 142}
