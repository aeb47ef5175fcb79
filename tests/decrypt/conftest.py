"""The engine's runner, the lab and the programs of the recorded captures serve these tests too."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("engine", "live", "captures")]
