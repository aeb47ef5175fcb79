"""For any bytes, cut in any way, the RDP parser gives the same answer, and its texts are valid."""

import json
import pathlib
import sys

from driver import pack, run, streamed
from netwatch._fast.probe import Probe

from netwatch._fast.proto import rdptext

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from deskmake import RDP_TALKS


def show(result: tuple) -> None:
    obj = rdptext.describe(result[1])
    rdptext.label(obj)
    json.dumps(obj)
    rdptext.describe(result[1], show_secrets=True)
    assert "\x00" not in str(obj), "a control character in a text"


if __name__ == "__main__":
    run(streamed(lambda: Probe("rdp", dport=3389), show), [pack(talk) for talk in RDP_TALKS])
