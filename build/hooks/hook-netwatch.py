"""What PyInstaller cannot see of netwatch: compiled modules say nothing of what they import, tables name modules."""
import ctypes.util
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

SOURCES = Path(__file__).resolve().parents[2] / "netwatch"
IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import|import\s+([\w.]+))", re.M)
LIBBPF = "libbpf.so.1"              # opened by name, see netwatch/platform/linux/libbpf.py
TERMINALS = ("xterm", "xterm-256color", "screen", "screen-256color", "tmux", "tmux-256color", "linux", "vt100")
TERMINFO = ("/usr/share/terminfo", "/lib/terminfo", "/usr/lib/terminfo")


def imported_by_compiled_modules() -> set[str]:
    """Of other projects and the standard library; our own are all there anyway."""
    found = set()
    for path in SOURCES.rglob("*.pyx"):
        found |= {first or second for first, second in IMPORT.findall(path.read_text())}
    return {name for name in found if not name.startswith(("netwatch", "libc", "cpython")) and find_spec(name)}


def library(name: str) -> str:
    """The path of a shared library, as the loader would find it."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if line.split()[:1] == [name]:
            return line.split("=> ")[1]
    raise SystemExit(f"{name} is not here, and the bundle would have no eBPF (Debian: apt install libbpf1)")


def terminals() -> list[tuple[str, str]]:
    """Descriptions for machines that have none; the system's are asked first."""
    found = []
    for name in TERMINALS:
        path = next((path for folder in TERMINFO if (path := Path(folder, name[0], name)).is_file()), None)
        if path is None:
            raise SystemExit(f"no description of {name} (Debian: apt install ncurses-base ncurses-term)")
        found.append((str(path), f"terminfo/{name[0]}"))
    return found


hiddenimports = [*collect_submodules("netwatch"), *collect_submodules("pylibpcap"),
                 *sorted(imported_by_compiled_modules()), "cryptography.hazmat.primitives.ciphers.aead"]
datas = collect_data_files("netwatch", excludes=["**/*.pyi", "**/*.pxd"])
# the process of a classifier reads the source of what confines it
datas += collect_data_files("netwatch", includes=["platform/linux/confine.py"], include_py_files=True)
binaries = []
if sys.platform == "linux":
    datas += terminals()
    binaries += [(library(LIBBPF), ".")]
assert ctypes.util.find_library("pcap"), "libpcap is not here (Debian: apt install libpcap0.8)"
