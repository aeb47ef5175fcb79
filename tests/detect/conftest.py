"""Frames are made with the builders of the engine's tests; situations stand beside."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
