"""The lab, and the builders of frames of the detectors' and the engine's tests, stand beside."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "detect")]
