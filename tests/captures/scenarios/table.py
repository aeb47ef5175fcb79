"""What a scenario is, and how one is added: a function of the World under @scenario."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scenarios.world import World, found

LAB_PYTHON = os.environ.get("NETWATCH_LAB_PYTHON", sys.executable)  # has the PyPI packages that scenarios ask for
JARS = Path(
    os.environ.get("NETWATCH_LAB_JARS", "/nonexistent")
)  # a folder of jars for each Java program, see apache.py
ALWAYS = ("ip", "tcpdump", "unshare", "ethtool", "ss", "openssl")


@dataclass(frozen=True)
class Scenario:
    """One capture: what is done, what netwatch must call its flows, and the programs it takes."""

    name: str
    apps: tuple[str, ...]  # each is the app, or in the app_stack, of a flow of the capture
    expression: str  # capture filter
    programs: tuple[str, ...]
    modules: tuple[str, ...]  # of LAB_PYTHON
    jars: str  # a folder of JARS, "" for none
    act: Callable[[World], None]

    def missing(self) -> list[str]:
        """Programs and Python modules that are not installed here."""
        lacking = [name for name in (*ALWAYS, *self.programs) if found(name) is None]
        for module in self.modules:
            if subprocess.run([LAB_PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
                lacking.append(f"{module} (PyPI)")
        if self.jars and not any((JARS / self.jars).glob("*.jar")):
            lacking.append(f"the jars of {self.jars} (Maven Central)")
        return lacking

    def make(self, folder: Path) -> None:
        """Write NAME.pcap, and NAME.keys where TLS programs left keys."""
        with tempfile.TemporaryDirectory(prefix="lab", dir="/var/tmp") as scratch, World(Path(scratch)) as world:
            made = Path(scratch, "capture.pcap")
            world.record(made, self.expression)
            self.act(world)
            world.stop_recording()
            (folder / f"{self.name}.pcap").write_bytes(made.read_bytes())
            if world.keys.exists() and world.keys.stat().st_size:
                lines = dict.fromkeys(line for line in world.keys.read_text().splitlines() if line[:1] not in ("", "#"))
                (folder / f"{self.name}.keys").write_text("".join(f"{line}\n" for line in lines))


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    apps: str, expression: str, programs: str = "", modules: str = "", jars: str = ""
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Put the function into the table; its name, with - for _, is the capture's."""

    def enter(act: Callable[[World], None]) -> Callable[[World], None]:
        name = act.__name__.replace("_", "-")
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(
            name, tuple(apps.split()), expression, tuple(programs.split()), tuple(modules.split()), jars, act
        )
        return act

    return enter
