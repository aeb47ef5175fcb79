"""Captures of no packet and of one: nothing has a mean rate, and no screen breaks."""
from collections.abc import Iterator

import pytest

from tests.engine.wire import A4, B4, START, eth, ip4, pcap, udp
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

ONE = [(START, eth(ip4(17, udp(40000, 9999, b"x"), src=A4, dst=B4)))]


@pytest.fixture(scope="module", params=[0, 1, 2])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    path = tmp_path_factory.mktemp("moment") / "moment.pcap"
    path.write_bytes(pcap(ONE * request.param))
    made = Replayed(str(path), label=path.name)
    yield made
    made.stop()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_no_tab_and_no_view_breaks(session: Replayed, size: tuple[int, int]) -> None:
    driver = Driver(session, *size)
    for tab in driver.state.tabs:
        driver.keys(tab.key).screen()
        assert not driver.state.failed, driver.state.failed
    for _ in range(3):
        driver.keys("V").screen()
        assert not driver.state.failed, driver.state.failed
