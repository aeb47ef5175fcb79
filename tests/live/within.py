"""python -m tests.live.within NAMESPACE ARGS: netwatch in a network namespace."""

import os
import sys

os.execvp("ip", ["ip", "netns", "exec", sys.argv[1], sys.executable, "-m", "netwatch", *sys.argv[2:]])
