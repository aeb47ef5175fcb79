"""The compiled rooms: every .pyx under netwatch/_fast is one extension module, named after its path.

NETWATCH_DEBUG=1  bounds checks, C asserts, no optimisation, line tracing where NETWATCH_TRACE=1 as well
NETWATCH_SANITIZE=address,undefined   passed to -fsanitize
NETWATCH_ONLY=parse,flows   build only the modules whose dotted name ends so (for working on one room)
"""
import os
import pathlib

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = pathlib.Path(__file__).parent
DEBUG = os.environ.get("NETWATCH_DEBUG") == "1"
TRACE = DEBUG and os.environ.get("NETWATCH_TRACE") == "1"
SANITIZE = os.environ.get("NETWATCH_SANITIZE", "")
ONLY = tuple(x for x in os.environ.get("NETWATCH_ONLY", "").split(",") if x)

LIBRARIES = {"netwatch._fast.capture": ["pcap"]}


def compile_flags() -> list[str]:
    flags = ["-O0", "-g"] if DEBUG else ["-O2", "-g0"]
    if os.uname().machine == "x86_64" and not DEBUG:
        flags.append("-march=x86-64-v2")
    if SANITIZE:
        flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"]
    return flags + ["-Wno-unused-function", "-Wno-unreachable-code", "-Wno-sign-compare", "-Wno-discarded-qualifiers", "-fno-strict-aliasing"]


def extensions() -> list[Extension]:
    found = []
    for path in sorted((ROOT / "netwatch" / "_fast").rglob("*.pyx")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if ONLY and not name.endswith(ONLY):
            continue
        found.append(Extension(
            name, [str(path.relative_to(ROOT))], libraries=LIBRARIES.get(name, []),
            extra_compile_args=compile_flags(),
            extra_link_args=[f"-fsanitize={SANITIZE}"] if SANITIZE else [],
            define_macros=[("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")] if TRACE else [],
        ))
    return found


setup(ext_modules=cythonize(
    extensions(), build_dir=".build/cython", nthreads=os.cpu_count() or 1,
    compiler_directives={"language_level": 3, "cdivision": True, "linetrace": TRACE, "emit_code_comments": False},
))
