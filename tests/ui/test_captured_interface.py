"""The interface that is captured, in the Interfaces tab; what the Timeline says of DNS."""
import pytest

from netwatch.addons import event_texts, interfaces
from netwatch.ui import format as fmt
from tests.ui.driver import Driver
from tests.ui.test_network_tabs import Machine, interface


def test_what_is_captured_is_selected_and_its_last_minute_drawn():
    taken = interfaces.Captured("wlan0", "ethernet", 65535, "", 5, 500, 0, 1, 2)
    rows = (interface("eth0", "idle"), interface("wlan0", "active", 1.2e6, captured=taken))
    driver = Driver(Machine({interfaces.Interfaces: interfaces.InterfacesNow(True, rows)}), 120, 40, tab="interfaces")
    screen = driver.screen()
    assert driver.state.parts["interfaces"].selected == (0, "wlan0") and "Interface wlan0" in screen
    assert f"wlan0, last 60 s   ▼ peak {fmt.rate(1.2e6 * 59)}   ▲ peak {fmt.rate(1.2e6 / 9)}" in screen
    assert "100 MB/s│" in screen and "200 kB/s│" in screen, "each way has a scale of its own"
    screen = driver.keys("up").screen()
    assert "eth0, last 60 s   ▼ peak 0   ▲ peak 0" in screen
    for size in ((40, 12), (80, 24), (49, 50)):
        driver.resize(*size)
        assert not driver.state.failed


@pytest.mark.parametrize(("value", "name", "told"), [
    (28, "www.example", "DNS NXDOMAIN for AAAA www.example"), (65, "x", "for HTTPS x"), (4711, "x", "for TYPE4711 x"),
    (0, "x", "NXDOMAIN for x,"), (0, None, "DNS NXDOMAIN, 2 to 1")])
def test_a_dns_error_says_what_was_asked_for(value, name, told):
    note = {"code": 3, "value": value, "src": "1", "dst": "2"} | ({"name": name} if name else {})
    assert told in event_texts._dns(note, None)
