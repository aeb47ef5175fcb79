"""The details of a flow: which fields stand under which title."""

from __future__ import annotations

import pytest

from netwatch.platform.linux.tcpinfo import FIELDS
from netwatch.schema import fields_of
from netwatch.ui.tabs.connections.flow_details import KERNEL_LABELS, LABEL, columns_of, label_of, title_of
from netwatch.ui.theme import UNICODE

RECORD = {"id": 4, "proto": "udp", "app": "dns", "label": "DNS A a.example", "first_frame": 6, "last_frame": 7,
          "community_id": "1:x", "odd": 5, "dns": {"names": ["a.example"]}, "scope": {"src": "private"}}


@pytest.mark.parametrize("width", [80, 160])
def test_each_field_stands_once_and_single_ones_have_no_title_of_their_own(width: int) -> None:
    lines = [line for column in columns_of(RECORD, width, UNICODE) for line in column]
    titles = [text for kind, text, _ in lines if kind == "title"]
    labels = [text for kind, text, _ in lines if kind == "value"]
    assert not {"odd", "first_frame", "last_frame", "community_id"} & set(titles)
    assert [titles.count(name) for name in ("DNS", "Scope", "More", "Connection")] == [1, 1, 1, 1]
    assert titles.index("DNS") < titles.index("Scope") < titles.index("More")
    assert [labels.count(name) for name in ("Frame numbers", "Community ID", "Odd")] == [1, 1, 1]
    assert "Value" not in labels


def test_labels_are_words_and_never_keys() -> None:
    """Of every field of the schema, and of all that the kernel tells of a connection; none is cut."""
    paths = [field.name for field in fields_of("flow") if "." in field.name]
    for path in paths:
        head, _, rest = path.partition(".")
        assert title_of(head)[:1].isupper(), head
        label = label_of(rest.replace(".", " "))
        assert label[:1].isupper() or label[:1].isdigit(), path
        assert "_" not in label and not label.endswith(" us"), path
        assert not {"src", "dst", "mac", "sni", "ip", "id"} & set(label.split()), path
    assert label_of("src mac") == "Source MAC" and label_of("user_agent") == "User agent"
    assert {name for name, _, _ in FIELDS} | {"congestion"} == set(KERNEL_LABELS)
    assert all(label[:1].isupper() and len(label) < LABEL - 1 for label in KERNEL_LABELS.values())


def test_the_kernels_numbers_have_words_and_units() -> None:
    told = {"snd_cwnd": 10, "pacing_rate": 1_182_333_947, "rcv_wnd": 65536, "rtt_us": 41, "congestion": "bbr"}
    lines = columns_of(RECORD | {"tcp_info": told, "quic": {"idle_timeout_ms": 30000}}, 80, UNICODE)[0]
    found = {label: text for kind, label, text in lines if kind == "value"}
    assert found["Congestion window"] == "10 segments" and found["Pacing rate"] == "1.2 GB/s"
    assert found["Receive window"].startswith("65.5 kB") and found["RTT"] == "41 µs" and found["Algorithm"] == "bbr"
    assert found["Idle timeout"] == "30.0 s"
