"""The two commands take what is compiled in a wheel at hand, if it is of these sources and loads; else they compile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from netwatch_command import ROOT

from netwatch._fast.base import mix

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
MODULE = f"netwatch/_fast/base/mix{SUFFIX}"
RECORD = "netwatch/_fast/sources.sha256"
COMPILED = "compiled instead"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one source, whose venv is this interpreter and has its packages."""
    for folder in ("tools", "dist", ".venv/bin", "netwatch/_fast/base", "netwatch/platform/linux/bpf"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("pyproject.toml", "setup.py", "tools/prepare.sh", "tools/unpack_wheel.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "netwatch/_fast/base/mix.pyx").write_text("x = 1\n")
    python = tmp_path / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    installed = bash(tmp_path, "fingerprint").split()[0]
    (tmp_path / ".venv/.installed").write_text(f"run {installed}\n")
    return tmp_path


def bash(checkout: Path, script: str, wheel: str = "") -> str:
    script = f"set -eu; . {checkout}/tools/prepare.sh; compile() {{ echo {COMPILED}; }}; {script}"
    environment = {name: value for name, value in os.environ.items() if name != "NETWATCH_WHEEL"}
    if wheel:
        environment["NETWATCH_WHEEL"] = wheel
    done = subprocess.run(["bash", "-c", script], env=environment, text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout


def make_wheel(checkout: Path, fingerprint: str | None = None, name: str = MODULE, body: bytes | None = None,
               to: str = "dist/netwatch-0.1.0-some.whl") -> Path:
    with zipfile.ZipFile(checkout / to, "w") as archive:
        archive.writestr(RECORD, fingerprint or bash(checkout, "fingerprint").split()[1])
        archive.writestr(name, Path(mix.__file__).read_bytes() if body is None else body)
        archive.writestr("netwatch/__init__.py", "not taken\n")
    return checkout / to


def test_a_wheel_of_these_sources_is_unpacked(checkout: Path) -> None:
    make_wheel(checkout)
    assert bash(checkout, 'ready ""') == ""
    assert (checkout / MODULE).read_bytes() == Path(mix.__file__).read_bytes()
    assert not (checkout / "netwatch/__init__.py").exists()
    assert bash(checkout, 'is_ready "$(fingerprint)" "" && echo yes') == "yes\n"


def test_a_wheel_may_be_named(checkout: Path) -> None:
    wheel = make_wheel(checkout, to="elsewhere.whl")
    assert bash(checkout, 'ready ""', str(wheel)) == ""
    assert (checkout / MODULE).exists()


@pytest.mark.parametrize("wrong", [
    {"fingerprint": "0" * 64},
    {"name": "netwatch/_fast/base/mix.cpython-399-x86_64-linux-gnu.so"},
    {"body": b"\x7fELF no module"},
], ids=["other sources", "other Python", "does not load"])
def test_what_does_not_fit_is_compiled(checkout: Path, wrong: dict[str, str]) -> None:
    make_wheel(checkout, **wrong)  # type: ignore[arg-type]
    assert bash(checkout, 'ready ""') == COMPILED + "\n"
    assert not list(checkout.glob("netwatch/**/*.so"))


@pytest.mark.parametrize("named", ["", "/nowhere/netwatch.whl"])
def test_without_a_wheel_it_is_compiled(checkout: Path, named: str) -> None:
    assert bash(checkout, 'ready ""', named) == COMPILED + "\n"


def test_a_changed_source_makes_a_wheel_unfit(checkout: Path) -> None:
    make_wheel(checkout)
    (checkout / "netwatch/_fast/base/mix.pyx").write_text("x = 2\n")
    assert bash(checkout, 'ready ""') == COMPILED + "\n"
