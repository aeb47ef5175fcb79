"""The compiled rooms: every .pyx under netwatch/_fast is one extension module, named after its path.

NETWATCH_DEBUG=1  bounds checks, C asserts, no optimisation, line tracing where NETWATCH_TRACE=1 as well
NETWATCH_SANITIZE=address,undefined   passed to -fsanitize
NETWATCH_ONLY=parse,flows   build only the modules whose dotted name ends so (for working on one room)
"""
import fnmatch
import gc
import multiprocessing
import os
import pathlib
import re
import shutil
import subprocess
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).parent
DEBUG = os.environ.get("NETWATCH_DEBUG") == "1"
TRACE = DEBUG and os.environ.get("NETWATCH_TRACE") == "1"
SANITIZE = os.environ.get("NETWATCH_SANITIZE", "")
ONLY = tuple(x for x in os.environ.get("NETWATCH_ONLY", "").split(",") if x)

LIBRARIES = {"netwatch._fast.input.capture": ["pcap"], "netwatch._fast.base.unpack": ["z"],
             "netwatch._fast.out.communityid": ["crypto"], "netwatch._fast.proto.quic.crypt": ["crypto"]}
# Cython's own helpers, compiled once and not once a module
SHARED = "netwatch._fast.base.cython_shared"
# How hard gcc tries, by what is called how often; the first pattern that fits. Most of a build's time is gcc's, and
# most of that goes into what runs once a record that somebody looks at.
EFFORT = (
    ("proto.http.text", "-O2"),
    ("proto.tls.text", "-O2"),
    ("proto.*.text", "-Og"),
    ("proto.*.names", "-Og"),
    ("os.*", "-Og"),
    ("proto.common.*", "-O2"),
    ("proto.dns.*", "-O2"),
    ("proto.http.*", "-O2"),
    ("proto.quic.*", "-O2"),
    ("proto.tls.*", "-O2"),
    ("proto.*", "-O1"),
    *((f"out.{name}", "-O2") for name in ("arrays", "communityid", "csvlines", "encoder", "enrich", "*fields",
                                          "record*", "values", "writing")),
    ("out.*", "-O1"),
    ("*", "-O2"),
)
# what Cython's C provokes and no source line of ours can help
QUIET = ["-Wno-unused-function", "-Wno-unreachable-code", "-Wno-sign-compare", "-Wno-discarded-qualifiers"]
LINUX_ONLY = ("netwatch._fast.os.netlink", "netwatch._fast.os.sockdiag")


class Build(build_ext):
    """All cores, and one -O and -g a module: ours, not those the interpreter happened to be compiled with."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def run(self) -> None:
        super().run()
        if self.inplace and not ONLY:
            delete_modules_without_source({extension.name for extension in self.extensions})
        made_now = (ROOT / "netwatch" / "names").glob("vendors.bin")
        for made in made_now if not self.inplace else ():                # data files were copied before this ran
            target = pathlib.Path(self.build_lib, made.relative_to(ROOT))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(made), str(target))
        if not (self.inplace or DEBUG or SANITIZE or ONLY):
            record_sources(pathlib.Path(self.build_lib))

    def build_extensions(self) -> None:
        compiler = self.compiler.compiler_so
        compiler[:] = [word for word in compiler if not re.fullmatch(r"-O.?|-g\d?", word)]
        super().build_extensions()
        compile_vendors()


def delete_modules_without_source(kept: set[str]) -> None:
    """What a checkout compiled before a module was renamed or removed would still be found, and of other structures."""
    for path in (ROOT / "netwatch" / "_fast").rglob("*.cpython-*.so"):
        if ".".join((*path.relative_to(ROOT).parent.parts, path.name.split(".")[0])) not in kept:
            path.unlink()


def record_sources(folder: pathlib.Path) -> None:
    """Say in the wheel which sources its modules are of: tools/unpack_wheel.py spares a checkout of them compiling."""
    if shutil.which("bash") is None:
        return
    done = subprocess.run(["bash", "-c", ". tools/prepare.sh; fingerprint"], cwd=ROOT, text=True, capture_output=True)
    if done.returncode == 0:
        (folder / "netwatch" / "_fast" / "sources.sha256").write_text(done.stdout.split()[1] + "\n")


def compile_vendors() -> None:
    """The table of MAC vendors, where the machine has IEEE's registries; without it netwatch says that it has none."""
    subprocess.run([sys.executable, ROOT / "build" / "vendors.py"], check=False)


def compile_flags(name: str) -> list[str]:
    """Of one module; warnings are for those who look for faults."""
    if DEBUG:
        flags = ["-O0", "-g", *QUIET]
    else:
        room = name.removeprefix("netwatch._fast.")
        flags = [next(effort for pattern, effort in EFFORT if fnmatch.fnmatchcase(room, pattern)), "-g0", "-w"]
        if os.uname().machine == "x86_64":
            flags.append("-march=x86-64-v2")
    if SANITIZE:
        flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"]
    return [*flags, "-fno-strict-aliasing"]


def extension(name: str, source: str) -> Extension:
    return Extension(
        name, [source], libraries=LIBRARIES.get(name, []), extra_compile_args=compile_flags(name),
        extra_link_args=[f"-fsanitize={SANITIZE}"] if SANITIZE else [],
        define_macros=[("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")] if TRACE else [],
    )


def extensions() -> list[Extension]:
    found = [extension(SHARED, SHARED.replace(".", "/") + ".c")]
    for path in sorted((ROOT / "netwatch" / "_fast").rglob("*.pyx")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if (ONLY and not name.endswith(ONLY)) or (name in LINUX_ONLY and sys.platform != "linux"):
            continue
        found.append(extension(name, str(path.relative_to(ROOT))))
    return found


def processes() -> int:
    """That translate side by side; 0 where they can share no lock, as in a chroot without a /dev/shm to write to."""
    try:
        multiprocessing.Lock()
    except (ImportError, OSError):
        return 0
    return os.cpu_count() or 1


gc.set_threshold(100_000, 20, 50)   # Cython's trees are large and short of garbage: a third of its time was collecting
setup(cmdclass={"build_ext": Build}, ext_modules=cythonize(
    extensions(), build_dir=".build/cython", nthreads=processes(), shared_utility_qualified_name=SHARED,
    compiler_directives={"language_level": 3, "cdivision": True, "linetrace": TRACE, "emit_code_comments": False,
                         "auto_pickle": False},
))
