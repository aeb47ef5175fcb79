"""What the fuzzers of the database protocols share: the hand-made conversations of tests/proto/databases.py as seeds,
and the rules that their texts must keep.
"""

import pathlib
import sys
from types import ModuleType

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from databases import CONVERSATIONS


def fuzz(name: str, module: ModuleType) -> None:
    """Run the target: both sides, and each message of a conversation as the first that is seen."""

    def show(result: tuple) -> None:
        facts = result[1]
        obj = module.describe(facts)
        module.label(obj)
        assert "\x00" not in str(obj) + str(module.describe(facts, show_secrets=True)), "a control character in a text"
        assert sum(4 + len(value) for _, value in facts) <= 8192

    talks = CONVERSATIONS[name]
    seeds = [pack(turns) for turns in talks] + [pack(turns[i:]) for turns in talks for i in range(1, len(turns))]
    run(streamed(lambda: Probe(name), show), seeds)
