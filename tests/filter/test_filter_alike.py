"""Packets that a filter cannot tell apart are judged once: what passes is what passes one by one."""

from __future__ import annotations

import pytest
from netwatch_command import ROOT

from netwatch._fast.out.packetfields import FIELDS
from netwatch._fast.view.packetverdicts import ALIKE, PacketVerdicts
from netwatch.capture.file import open_files
from netwatch.filter import Filter
from netwatch.filter.distinct import classes_of
from netwatch.records.items import Packets
from netwatch.records.maker import RecordMaker
from netwatch.records.selection import Selection
from netwatch.run.pipeline import Pipeline

CAPTURES = ("http", "tags", "fragments", "neighbours", "rubbish", "tunnels")
FILTERS = ("len > 100", "len != 60", "port == 80", "sport != 80 and dport > 1024", "tcp.port == 80 or udp",
           "sport == dport", "src == 10.0.0.0/8", "not ip == 10.0.0.1", "src matches /1$/", "proto == arp",
           "layers == vlan", "not layers", "notes", "notes contains cut", "interface == x", "caplen < len",
           "n > 3 and n < 9", "flow == 1", "info contains ack", "http", "bytes > 500", "time > 2000-01-01",
           "app == dns and len > 80", "10.0", "/1:80/")


def runs(name: str) -> list[Packets]:
    pipeline = Pipeline(open_files([str(ROOT / "tests" / "golden" / f"{name}.pcap")]), want={"packets"}, hold=True)
    maker = RecordMaker(pipeline, {"packets"})
    found = []
    for step in (*pipeline.steps(), pipeline.finish()):
        found += [item for item in maker.items(step) if isinstance(item, Packets)]
    return found


@pytest.mark.parametrize("name", CAPTURES)
def test_packets_pass_alike_as_one_by_one(name: str) -> None:
    for text in FILTERS:
        where = Filter(text, ("packet",))
        together, alone = Selection(where, None, None), Selection(where, None, None)
        for run in runs(name):
            passed = [place for place in range(run.first, run.last) if alone.passes(run.item(place))]
            assert list(together.passing(run)) == passed, text
        assert together.matched == alone.matched
        assert together.seen == alone.seen


def test_a_question_is_asked_once_of_what_is_alike() -> None:
    asked: list[int] = []

    def judge(place: int) -> bool:
        asked.append(place)
        return True

    for run in runs("http"):
        verdicts = PacketVerdicts(classes_of(Filter("len > 0", ("packet",)).node, "packet"))
        places = verdicts.passing(run.rows, run.first, run.last,
                                  lambda place, name, run=run: run.item(place).record()[name], judge)
        assert list(places) == list(range(run.first, run.last))
    assert len(asked) == 1


def test_what_is_remembered_is_bounded() -> None:
    run = runs("http")[0]
    verdicts = PacketVerdicts({"len": lambda value: object()})  # never alike
    for _ in range(3):
        assert verdicts.passing(run.rows, run.first, run.last, lambda place, name: place, lambda place: place % 2 == 0)


def test_fields_that_are_alike_are_fields_of_packets() -> None:
    """All but those of which each packet has its own, and what few have at all."""
    assert {name for name, _ in FIELDS} - ALIKE == {"n", "time", "info", "file", "layers_more"}


def test_a_run_beyond_the_rows_is_refused() -> None:
    run = runs("http")[0]
    for first, last in ((0, run.last + 1), (2, 1)):
        with pytest.raises(IndexError):
            PacketVerdicts({}).passing(run.rows, first, last, lambda place, name: None, lambda place: True)
