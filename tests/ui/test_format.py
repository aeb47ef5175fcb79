"""Numbers and times on screen: right unit, bounded width, no rounding to a fourth figure."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch.ui import format as fmt


@pytest.mark.parametrize(("value", "text"), [
    (None, ""), (0, "0 B"), (999, "999 B"), (999.6, "1.0 kB"), (1000, "1.0 kB"), (1234567, "1.2 MB"),
    (99_949, "99.9 kB"),
    (99_960, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (5e18, "5.0 EB"),
])
def test_size(value, text):
    assert fmt.size(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0, "0"), (0.4, "0"), (0.6, "1 B/s"), (1.25e6, "1.2 MB/s")])
def test_rate(value, text):
    assert fmt.rate(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, ""), (0, "0 µs"), (850, "850 µs"), (999.6, "1.0 ms"), (3210, "3.2 ms"), (29_000, "29.0 ms"),
    (153_000, "153 ms"), (999_600, "1.0 s"), (1_290_000, "1.3 s"), (99_960_000, "1m40s"), (3_600_000_000, "1h00m"),
])
def test_micros(value, text):
    assert fmt.micros(value, False) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, ""), (-1, "0.0s"), (0.31, "0.3s"), (9.94, "9.9s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m00s"),
    (184, "3m04s"), (7500, "2h05m"), (86399, "23h59m"), (86400, "1d00h"), (273_600, "3d04h"), (1e8, "1157d"),
])
def test_age(value, text):
    assert fmt.age(value) == text


def test_other_forms():
    assert fmt.bit_rate(12_262_500) == "98.1 Mbit/s"
    assert fmt.short_count(12_345) == "12.3k"
    assert fmt.count(1_234_567) == "1,234,567"
    assert fmt.endpoint("192.0.2.1", 443) == "192.0.2.1:443"
    assert fmt.endpoint("2001:db8::1", 443) == "[2001:db8::1]:443"
    assert fmt.endpoint("2001:db8::1", None) == "2001:db8::1"
    assert fmt.clock(1_767_236_645_000_000_000) == "03:04:05"
    assert fmt.micros(850, ascii_only=True) == "850 us"


@given(st.floats(0, 1e20))
def test_widths_hold(value):
    assert len(fmt.size(value)) <= 7
    assert len(fmt.rate(value)) <= 9
    assert len(fmt.short_count(value)) <= 5


@given(st.floats(0, 86_400_000 - 1))
def test_time_widths_hold(seconds):
    assert len(fmt.age(seconds)) <= 6
    assert len(fmt.micros(seconds * 1e6, False)) <= 7
