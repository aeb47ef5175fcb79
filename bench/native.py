"""Builds the compiled parts of the benchmarks in place, when their source is newer than what is there."""
from __future__ import annotations

import importlib
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MODULES = ("gen", "mixer", "steps", "sender")

BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
setup(script_args=["-q", "build_ext", "--inplace"], ext_modules=cythonize(
    [Extension("bench." + n, [f"bench/{n}.pyx"], extra_compile_args=["-O2", "-g0"]) for n in sys.argv[1:]],
    build_dir=".build/cython", compiler_directives={"language_level": 3, "cdivision": True}, quiet=True))
"""


def load(name: str) -> Any:
    """The compiled module of that name, those that it stands on before it. RuntimeError with the compiler's words when
    it cannot be built."""
    for below in needed(name):
        load(below)
    built = HERE / (name + str(sysconfig.get_config_var("EXT_SUFFIX")))
    layouts = [*HERE.glob("*.p*"), *(ROOT / "netwatch" / "_fast").rglob("*.pxd")]
    newest = max(f.stat().st_mtime for f in (HERE / f"{name}.pyx", *(f for f in layouts if f.suffix == ".pxd")))
    if not built.exists() or built.stat().st_mtime < newest:
        done = subprocess.run([sys.executable, "-c", BUILD, name], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"bench/{name}.pyx does not build:\n{done.stdout}{done.stderr}")
        built.touch()
    return importlib.import_module(f"bench.{name}")


def needed(name: str) -> list[str]:
    """The modules of the benchmarks that the source of one cimports."""
    return re.findall(r"^from bench\.(\w+) cimport", (HERE / f"{name}.pyx").read_text(), re.MULTILINE)
