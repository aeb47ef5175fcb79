"""The details of a flow: which fields stand under which title."""

from __future__ import annotations

import pytest

from netwatch.ui.tabs.connections.flow_details import columns_of
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
    assert [labels.count(name) for name in ("Number of the first", "Community ID", "odd")] == [1, 1, 1]
    assert "value" not in labels
