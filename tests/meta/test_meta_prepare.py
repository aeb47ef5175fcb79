"""The two commands ask the package manager that is there, by its own names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from netwatch_command import ROOT

TOOLS = ("bash", "readlink", "dirname", "tr", "sort", "xargs", "id", "env", "sed", "echo", "cat", "stat", "tail")
PARTS = "python venv headers compiler pcap openssl"
NAMES = {
    "apt-get": {"python3", "python3-venv", "python3-dev", "gcc", "libc6-dev", "libpcap-dev", "libssl-dev"},
    "dnf": {"python3", "python3-devel", "gcc", "glibc-devel", "libpcap-devel", "openssl-devel"},
}


@pytest.fixture
def machine(tmp_path: Path):
    """A folder of programs in which nothing but the named package manager installs; it writes down what it was told."""
    def make(*managers: str) -> Path:
        for name in TOOLS:
            found = shutil.which(name)
            assert found, name
            (tmp_path / name).symlink_to(found)
        for name in managers:
            (tmp_path / name).write_text(f'#!{shutil.which("bash")}\necho "{name} $*" >>{tmp_path}/told\n')
            (tmp_path / name).chmod(0o755)
        return tmp_path

    return make


def bash(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", f"set -eu; . {ROOT}/tools/prepare.sh; exec 9>/dev/null; {script}"], text=True,
                          env={"PATH": str(folder)}, capture_output=True, timeout=30)


@pytest.mark.parametrize("manager", NAMES)
def test_names_are_of_the_manager(machine, manager):
    done = bash(machine(manager), f"named {PARTS}")
    assert set(done.stdout.split()) == NAMES[manager], done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="others are asked for sudo")
@pytest.mark.parametrize("manager", NAMES)
def test_what_is_missing_is_installed(machine, manager):
    folder = machine(manager)
    done = bash(folder, "wished_packages() { :; }; install_system compiler pcap openssl")
    assert done.returncode == 0, done.stderr
    told = (folder / "told").read_text().splitlines()[-1].split()
    assert told[:3] == [manager, "install", "-y"]
    assert {word for word in told[3:] if not word.startswith("-")} == NAMES[manager] - {
        name for name in NAMES[manager] if name.startswith("python")}


def test_without_a_manager_it_is_said_what_is_needed(machine):
    done = bash(machine(), "install_system headers pcap")
    assert done.returncode == 69
    assert "Python 3.11 or newer" in done.stderr and "libpcap-dev" in done.stderr
