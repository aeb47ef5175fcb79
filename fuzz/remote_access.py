"""What the fuzzers of file sharing and remote desktops share; seeds are the talks of tests/proto/remote_talks.py."""

import json
import pathlib
import sys
from types import ModuleType

from driver import Turns, pack, run, streamed

from netwatch._fast.out.probe import Probe

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

import remote_talks


def fuzz(name: str, module: ModuleType, port: int) -> None:
    """Run the target of a protocol that speaks over TCP; its texts, masked and not, must be fit for JSON."""

    def show(result: tuple) -> None:
        obj = module.describe(result[1])
        module.label(obj)
        assert "\x00" not in str(obj), "a control character in a text"
        json.dumps(module.describe(result[1], show_secrets=True))

    talks: list[Turns] = getattr(remote_talks, f"{name.upper()}_TALKS")
    run(streamed(lambda: Probe(name, dport=port), show), [pack(talk) for talk in talks])
