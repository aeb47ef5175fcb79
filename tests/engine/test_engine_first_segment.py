"""The first segment of a side may end anywhere behind what must suffice to judge it (64 bytes): the flow is read as it
is from the whole of its first words. Each conversation of the lab and of the hand-made ones."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Talk
from lab import conversations
from running import run
from spoken import SPOKEN, carries, talk_of
from talk_tds import SAY, prelogin
from talks import Turns

CUTS = (64, 65, 71, 80, 100, 150, 200, 300, 500, 1000)
LARGEST = 60_000
TIMED = {"latency_us"}
TRACED = [(0, prelogin((0, bytes([17, 4, 0, 1, 0, 0])), (1, b"\2"), (2, b"SQLEXPRESS\0"), (3, bytes(4)), (4, b"\0"),
                       (5, bytes(36)), (6, b"\1"))), (1, SAY)]


def all_talks() -> dict[str, tuple[int, Turns]]:
    found = {name: (port, turns) for name, (_, port, turns) in conversations().items()}
    for name in SPOKEN:
        if carries(name, datagram=False):
            for number, (turns, *_) in enumerate(talk_of(name).TALKS):
                found[f"{name} {number}"] = talk_of(name).PORT, turns
    return found | {"tds traced": (1433, TRACED)}


def read(port: int, turns: Turns) -> dict[str, Any]:
    talk = Talk(dport=port).open()
    for side, data in turns:
        for at in range(0, len(data), LARGEST):
            talk.say(side, data[at : at + LARGEST]).ack(1 - side)
    flow = run(talk.close().frames).flow
    told = {app: {key: value for key, value in flow.get(app, {}).items() if key not in TIMED}
            for app in flow.get("app_stack", ())}
    return {"stack": flow.get("app_stack"), **told}


@pytest.mark.parametrize("name", all_talks())
def test_cut_behind_what_must_suffice(name: str) -> None:
    port, turns = all_talks()[name]
    whole = read(port, turns)
    for which in (0, 1):
        at = next((i for i, (side, _) in enumerate(turns) if side == which), None)
        for cut in () if at is None else (cut for cut in CUTS if cut < len(turns[at][1])):
            side, data = turns[at]
            assert read(port, [*turns[:at], (side, data[:cut]), (side, data[cut:]), *turns[at + 1:]]) == whole, cut
