"""The map of the Topology tab, and who is a host on it."""
import pytest

from netwatch.ui.tabs import topology
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed


@pytest.mark.parametrize("rows", [22, 30, 50])
def test_whatever_is_selected_in_the_map_is_on_the_map(rows: int) -> None:
    """Groups as well: one key after the other from the first row to the last, each leads to a line that is marked."""
    session = Replayed("dhcp.pcap", "mdns.pcap")
    try:
        driver = Driver(session, 160, rows, tab="topology").keys("home")
        everyone = topology.rows(driver.state)
        assert topology.in_boxes(driver.state) and {"group", "lan"} <= {peer.place for peer in everyone}
        for peer in everyone:
            marked = [line for line in driver.screen().splitlines() if driver.state.glyphs.bar in line]
            assert len(marked) == 1 and peer.address in marked[0]
            driver.keys("down")
    finally:
        session.stop()


def test_an_address_that_is_none_is_no_host_of_the_local_network() -> None:
    session = Replayed("dhcp.pcap")
    try:
        places = {peer.address: peer.place for peer in topology.rows(Driver(session, tab="topology").state)}
        assert places["0.0.0.0"] == places["255.255.255.255"] == "group"
    finally:
        session.stop()
