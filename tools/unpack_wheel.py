"""Take the compiled modules out of a wheel of these very sources, so that a checkout need not compile them.

    python tools/unpack_wheel.py FINGERPRINT ROOT WHEEL...

The first wheel that fits is unpacked over ROOT: it says that it was built from sources of that fingerprint, its modules
are for this Python and this machine, and each of them loads. Exit status 1 when none does; why is printed for each.
"""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

RECORD = "netwatch/_fast/sources.sha256"    # written by setup.py
DATA = "/vendors.bin"


def main() -> int:
    fingerprint, root, *wheels = sys.argv[1:]
    for wheel in wheels:
        if (why_not := unpack(Path(wheel), fingerprint, Path(root))) is None:
            print(f"{wheel}: unpacked")
            return 0
        print(f"{wheel}: {why_not}")
    return 1


def unpack(wheel: Path, fingerprint: str, root: Path) -> str | None:
    """None when the modules of the wheel are now in root; otherwise why they are not, and root is as it was."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    try:
        with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory(dir=root, prefix=".wheel-") as scratch:
            names = [name for name in archive.namelist() if name.startswith("netwatch/") and ".." not in name]
            if RECORD not in names or archive.read(RECORD).decode("ascii", "replace").strip() != fingerprint:
                return "is not of these sources"
            modules = [name for name in names if name.endswith(suffix)]
            if not modules:
                return f"has no modules for this Python ({suffix})"
            taken = modules + [name for name in names if name.endswith(DATA)]
            archive.extractall(scratch, taken)
            for name in modules:
                ctypes.CDLL(str(Path(scratch, name)))
            for name in taken:      # a module that runs keeps its old file: nothing is written over
                os.replace(Path(scratch, name), root / name)
    except (OSError, zipfile.BadZipFile) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
