"""What the operating system knows and packets do not tell: who owns a socket, interfaces, routes, neighbours.

`current()` gives the face of the system this runs on; base.py is what every system promises.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch.platform.base import Platform


def current() -> Platform:
    """The platform this runs on. Making it opens nothing and needs no permission."""
    if sys.platform == "linux":
        from netwatch.platform.linux.machine import Linux

        return Linux()
    if sys.platform == "darwin":
        from netwatch.platform.macos import MacOS

        return MacOS()
    if sys.platform == "win32":
        from netwatch.platform.windows import Windows

        return Windows()
    if sys.platform.startswith("freebsd"):
        from netwatch.platform.freebsd import FreeBSD

        return FreeBSD()
    from netwatch.platform.generic import Generic

    return Generic()
