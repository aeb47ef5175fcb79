"""For any bytes, cut in any way, the SMB parser gives the same answer, and its texts are valid."""

import json
import pathlib
import sys

from driver import pack, run, streamed
from netwatch._fast.probe import Probe

from netwatch._fast.proto import smbtext

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "proto"))

from deskmake import SMB_TALKS


def show(result: tuple) -> None:
    obj = smbtext.describe(result[1])
    smbtext.label(obj)
    json.dumps(obj)
    smbtext.describe(result[1], show_secrets=True)
    assert "\x00" not in str(obj), "a control character in a text"


if __name__ == "__main__":
    run(streamed(lambda: Probe("smb", dport=445), show), [pack(talk) for talk in SMB_TALKS])
