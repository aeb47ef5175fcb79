"""What a start of the terminal need not load."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("http.client", "email.message", "ssl", "asyncio", "tomlkit", "multiprocessing", "concurrent.futures", "psutil",
         "cryptography.hazmat.primitives.ciphers", "numpy", "pyarrow")


def test_the_terminal_loads_no_clients_of_protocols_and_no_analysis() -> None:
    """All of it together doubles the time to the first frame."""
    code = "import sys, netwatch.cli, netwatch.ui.app; from netwatch.run import addons; addons.load(addons.SCREENS); " \
           f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == []
