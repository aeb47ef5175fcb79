"""For any bytes, cut in any way, the VNC parser gives the same answer, and its texts are valid."""

import json
import pathlib
import sys

from driver import pack, run, streamed
from netwatch._fast.probe import Probe

from netwatch._fast.proto import vnctext

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from deskmake import VNC_TALKS


def show(result: tuple) -> None:
    obj = vnctext.describe(result[1])
    vnctext.label(obj)
    json.dumps(obj)
    vnctext.describe(result[1], show_secrets=True)
    assert "\x00" not in str(obj), "a control character in a text"


if __name__ == "__main__":
    run(streamed(lambda: Probe("vnc", dport=5900), show), [pack(talk) for talk in VNC_TALKS])
