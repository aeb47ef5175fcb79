"""Compile netwatch/platform/linux/bpf/owners.bpf.c to the object in the tree: `python build/bpf.py`, or `make bpf`.

The object is kept in the tree so that neither a user's machine nor the one that builds a package needs a compiler of
BPF programs. One object serves every little-endian machine (x86-64 and arm64 give the same bits): no program of it
looks into registers, and the fields of the kernel's structures are found when it is loaded (CO-RE).

Beside it lies owners.bpf.made: the hashes of its sources and of itself, and what made it. The same clang and the same
headers of libbpf give the same bits in any folder. Needs clang, llvm and libbpf-dev, under Debian's names.
"""
from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "netwatch" / "platform" / "linux" / "bpf"
SOURCE, OBJECT, RECORD = FOLDER / "owners.bpf.c", FOLDER / "owners.bpf.o", FOLDER / "owners.bpf.made"
FLAGS = ["-O2", "-g", "-Wall", "-Werror", "-target", "bpfel", "-fdebug-compilation-dir=."]
# only for a linker of several objects; libbpf, which loads this one, does not read them
UNUSED = (".rel.BTF", ".rel.BTF.ext", ".llvm_addrsig")
HEADERS = Path("/usr/include/bpf")


class Missing(Exception):
    """A tool that the build needs is not here; its text names the Debian package."""


def compiled(*defines: str) -> bytes:
    """The object, from the sources as they are. Raises Missing, or CalledProcessError with what clang said."""
    clang, objcopy = tool("clang"), tool("llvm-objcopy")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, OBJECT.name)
        # in its own folder, under its own name: the object records both
        subprocess.run([clang, *FLAGS, *defines, "-c", SOURCE.name, "-o", made], cwd=FOLDER, check=True)
        subprocess.run([objcopy, "--strip-debug", "--discard-all",
                        *(f"--remove-section={name}" for name in UNUSED), made], check=True)
        return made.read_bytes()


def tool(name: str) -> str:
    """The newest of that name: Debian numbers them, and the plain name may be missing."""
    for candidate in (name, *(f"{name}-{version}" for version in range(30, 13, -1))):
        if found := shutil.which(candidate):
            return found
    raise Missing(f"no {name} (apt install clang llvm libbpf-dev)")


def sources() -> str:
    """One hash of all in the tree that is compiled."""
    return hashed(sorted(FOLDER.glob("*.[ch]")))


def hashed(paths: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def tools() -> dict[str, str]:
    """What else decides about the bits: clang's version, and the headers of libbpf. Raises Missing."""
    clang = subprocess.run([tool("clang"), "--version"], capture_output=True, text=True, check=True).stdout
    if not HEADERS.is_dir():
        raise Missing("no headers of libbpf (apt install libbpf-dev)")
    used = sorted({*re.findall(r"<bpf/(\w+\.h)>", SOURCE.read_text()), "bpf_helper_defs.h"})
    return {"clang": clang.split("version ")[1].split()[0], "libbpf": hashed([HEADERS / name for name in used])}


def record() -> dict[str, str]:
    """What owners.bpf.made says of the object in the tree."""
    return dict(line.split(maxsplit=1) for line in RECORD.read_text().splitlines())


def main() -> int:
    try:
        said = tools()
        made = compiled()
    except (Missing, subprocess.CalledProcessError) as error:
        print(f"{OBJECT.name} is not made anew: {error}", file=sys.stderr)
        return 1
    OBJECT.write_bytes(made)
    said = {"sources": sources(), "object": hashlib.sha256(made).hexdigest(), **said}
    RECORD.write_text("".join(f"{name} {value}\n" for name, value in said.items()))
    print(f"{OBJECT.name}: {len(made)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
