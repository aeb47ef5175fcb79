"""Three thousand random keys: see monkey.py for more of them."""
import sys
from pathlib import Path

import pytest

from tests.ui.monkey import run

CAPTURES = Path(__file__).resolve().parent.parent / "captures"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pty")
@pytest.mark.parametrize(("seed", "capture"), [(1, "http.pcap"), (2, "dns.pcap")])
def test_the_terminal_survives_random_keys(seed, capture, tmp_path):
    run(1500, seed, tmp_path, "-r", str(CAPTURES / capture))
