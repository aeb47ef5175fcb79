"""What the targets of TCP protocols with a talk_NAME.py share: its conversations are the seeds, however cut.

Their objects and labels are made of whatever was learnt, with and without secrets.
"""

import importlib
import pathlib
import sys
from types import ModuleType

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.out.protocols import DESCRIBE

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))


def seeds_of(name: str) -> list[bytes]:
    """The conversations of its talk_NAME.py, as inputs."""
    return [pack(turns) for turns, *_ in importlib.import_module(f"talk_{name}").TALKS]


def fuzz(name: str, module: ModuleType, by_segments: bool = False) -> None:
    def show(result: tuple) -> None:
        module.label(DESCRIBE[name](result[1], False))
        DESCRIBE[name](result[1], True)

    run(streamed(lambda: Probe(name), show, by_segments), seeds_of(name))
