"""What every lab of network namespaces does at its end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable


def end_lab(programs: Iterable[subprocess.Popen[str]], namespaces: Iterable[str]) -> None:
    """Kill what was started and close its pipes, then remove the namespaces with the links in them."""
    for program in programs:
        program.kill()
        program.wait(10)
        for pipe in (program.stdin, program.stdout):
            if pipe:
                pipe.close()
    for name in namespaces:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
