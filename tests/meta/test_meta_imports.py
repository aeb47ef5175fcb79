"""The direction of the stairs (DESIGN section 2): which room may import which, in Python and in Cython.

ROOMS says, for each part of netwatch, what of ours it may import; the longest name that fits decides. An exemption is
an arrow that the plan does not have: it stands in EXEMPT with its reason, and one that is no longer needed must go.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

FAST = "netwatch._fast"
ROOMS: dict[str, tuple[str, ...]] = {
    "netwatch": (),  # what it gives out it loads when that is asked for, by name; __init__.pyi tells type checkers
    "netwatch.schema": ("netwatch.schema",),
    FAST: (FAST, "netwatch.model.record"),
    f"{FAST}.proto": (FAST, "netwatch.model.record"),
    "netwatch.model": ("netwatch.model", FAST),  # the engine's types alone, see test_the_model_is_words
    "netwatch.store": ("netwatch.store", "netwatch.model", FAST, "netwatch"),
    # netlink and the socket table are compiled because of their speed; neither knows a packet or imports a parser
    "netwatch.platform": ("netwatch.platform", "netwatch.model.host", "netwatch.model.machine",
                          "netwatch.model.probe", "netwatch.model.record", "netwatch.model.whois", f"{FAST}.os"),
    "netwatch.capture": ("netwatch.capture", "netwatch.platform", "netwatch.model.host", "netwatch.model.machine",
                         "netwatch.model.probe", "netwatch.model.record", "netwatch.model.whois",
                         "netwatch.store.files", FAST),
    "netwatch.filter": ("netwatch.filter", "netwatch.schema", "netwatch.names.ports", FAST),
    "netwatch.dissect": ("netwatch.dissect", "netwatch.schema", FAST),
    "netwatch.names": ("netwatch.names", "netwatch.model", "netwatch.schema", "netwatch.store", FAST),
    "netwatch.decrypt": ("netwatch.decrypt", "netwatch.model", "netwatch.schema", FAST),
    "netwatch.owners": ("netwatch.owners", "netwatch.model", FAST),
    "netwatch.detect": ("netwatch.detect", "netwatch.egress", "netwatch.owners", "netwatch.store", "netwatch.model",
                        FAST),
    "netwatch.export": ("netwatch.export", "netwatch.decrypt.bodies", "netwatch.decrypt.budget", "netwatch.model",
                        "netwatch.schema", FAST),
    "netwatch.privacy": ("netwatch.privacy", "netwatch.model", "netwatch.schema"),
    "netwatch.bundle": ("netwatch.bundle", "netwatch.model", "netwatch.schema", "netwatch.store"),
    "netwatch.history": ("netwatch.history", "netwatch.model", "netwatch.store", FAST, "netwatch"),
    "netwatch.collect": ("netwatch.collect", "netwatch.model", FAST),
    "netwatch.recorder": ("netwatch.recorder", "netwatch.export", "netwatch.model", "netwatch.store", FAST),
    "netwatch.egress": ("netwatch.egress", "netwatch.owners", "netwatch.model", "netwatch.store", FAST),
    "netwatch.diagnose": ("netwatch.diagnose", "netwatch.detect", "netwatch.owners", "netwatch.model", FAST),
    "netwatch.health": ("netwatch.health", "netwatch.platform.probing", "netwatch.model", "netwatch.store", FAST),
    "netwatch.plugins": ("netwatch.plugins", "netwatch.model", "netwatch.schema", "netwatch.store", FAST),
    "netwatch.addons": ("netwatch.addons", "netwatch.model", "netwatch.schema", "netwatch.store", "netwatch.dissect",
                        "netwatch.egress",
                        "netwatch.filter", "netwatch.names", "netwatch.owners", "netwatch.detect",
                        "netwatch.recorder", "netwatch.history", "netwatch.diagnose", "netwatch.health", FAST),
    "netwatch.run": ("netwatch.run", "netwatch.model", "netwatch.addons", "netwatch.names", "netwatch.owners",
                     "netwatch.detect", "netwatch.diagnose", "netwatch.filter", "netwatch.history", "netwatch.health",
                     "netwatch.store", FAST),
    "netwatch.records": ("netwatch.records", "netwatch.model", "netwatch.schema", "netwatch.filter", "netwatch.run",
                         "netwatch.detect", "netwatch.privacy", FAST),
    "netwatch.agent": ("netwatch.agent", "netwatch.records", "netwatch.run", "netwatch.addons", "netwatch.model",
                       "netwatch.filter", "netwatch.health", FAST, "netwatch"),
    "netwatch.outlets": ("netwatch.outlets", "netwatch.model"),
    "netwatch.stats": ("netwatch.stats", "netwatch.records", "netwatch.privacy", "netwatch.model", "netwatch.schema",
                       FAST),
    "netwatch.ui": ("netwatch.ui", "netwatch.model", "netwatch.addons", "netwatch.schema", "netwatch.filter",
                    "netwatch.store", "netwatch.privacy", f"{FAST}.term"),
    "netwatch.cli": ("netwatch.cli", "netwatch.ui", "netwatch.agent", "netwatch.outlets", "netwatch.stats",
                     "netwatch.history", "netwatch.collect",
                     "netwatch.records", "netwatch.run",
                     "netwatch.model", "netwatch.addons", "netwatch.names", "netwatch.owners", "netwatch.capture",
                     "netwatch.filter", "netwatch.dissect", "netwatch.schema", "netwatch.platform", "netwatch.store",
                     "netwatch.plugins", "netwatch.export", "netwatch.bundle", "netwatch.recorder", "netwatch.decrypt",
                     "netwatch.diagnose", "netwatch.egress", "netwatch.health", "netwatch.privacy", FAST, "netwatch"),
    "netwatch.api": ("netwatch.api", "netwatch.bundle", "netwatch.stats", "netwatch.records", "netwatch.run",
                     "netwatch.model", "netwatch.names", "netwatch.capture", "netwatch.filter", "netwatch.platform",
                     "netwatch.store", FAST),
    "netwatch.__main__": ("netwatch.cli", "netwatch"),
}
EXEMPT: dict[tuple[str, str], str] = {
}
ASKS_WHICH_SYSTEM = {"netwatch.platform.host", "netwatch.cli.doctor"}
NEVER_IN_HELPER = ("netwatch._fast.parse", "netwatch._fast.engine", "netwatch._fast.dpi", "netwatch._fast.proto")
CYTHON = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import\s|c?import\s+([\w.]+(?:\s*,\s*[\w.]+)*))", re.M)


def modules() -> Iterator[tuple[str, Path]]:
    """(dotted name, path) of every module and .pxd of ours."""
    for path in sorted((ROOT / "netwatch").rglob("*")):
        if path.suffix in (".py", ".pyx", ".pxd"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def python_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it points"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def cython_imports(path: Path) -> Iterator[str]:
    text = re.sub(r'"""[\s\S]*?"""', "", path.read_text())
    for source, plain in CYTHON.findall(text):
        assert not source.startswith("."), f"{path}: a relative import hides where it points"
        yield from [source] if source else re.split(r"\s*,\s*", plain)


def arrows() -> Iterator[tuple[str, str, Path]]:
    """(importing module, imported thing, path) for all that is ours."""
    for name, path in modules():
        for wanted in (python_imports if path.suffix == ".py" else cython_imports)(path):
            if wanted == "netwatch" or wanted.startswith("netwatch."):
                yield name, wanted, path


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def allowed(name: str, wanted: str) -> bool:
    room = max((r for r in ROOMS if within(name, r)), key=len)
    return any(wanted == "netwatch.__version__" if r == "netwatch" else within(wanted, r) for r in ROOMS[room])


def test_every_module_has_a_room() -> None:
    rooms = [room for room in ROOMS if room != "netwatch"]
    strays = [name for name, _ in modules() if name != "netwatch" and not any(within(name, room) for room in rooms)]
    assert not strays, "say in ROOMS what these may import"


def test_nothing_points_up() -> None:
    wrong = [f"{path.relative_to(ROOT)} imports {wanted}" for name, wanted, path in arrows()
             if not allowed(name, wanted) and (name, wanted) not in EXEMPT]
    assert not wrong, "\n".join(wrong)


def test_exemptions_are_needed() -> None:
    used = {(name, wanted) for name, wanted, _ in arrows() if not allowed(name, wanted)}
    assert set(EXEMPT) <= used, "these exemptions are no longer needed"


@pytest.mark.parametrize("module", ["netwatch.capture.live", "netwatch.capture.file", "netwatch._fast.input.capture"])
def test_sources_know_no_parser(module: str) -> None:
    """What will be the capture helper can reach no parser, by whatever way."""
    graph: dict[str, set[str]] = {}
    names = {name for name, _ in modules()}
    for name, wanted, _ in arrows():
        graph.setdefault(name, set()).add(wanted if wanted in names else wanted.rpartition(".")[0])
    seen, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph.get(name, ())
    assert len(seen) > 1
    assert not [name for name in seen if name.startswith(NEVER_IN_HELPER)]


def test_the_model_is_words() -> None:
    """What model/ names of the engine it names for types alone: importing it loads nothing compiled."""
    code = "import sys\nimport netwatch.model.session\nprint(*(name for name in sys.modules if '_fast' in name))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_nobody_else_asks_which_system_this_is() -> None:
    """Addons and questions are given a Host; it may be that of another machine, or of the helper beyond a jail."""
    asking = {name for name, wanted, _ in arrows() if wanted in ("netwatch.platform.current", "netwatch.platform")}
    assert asking <= ASKS_WHICH_SYSTEM
    for name, path in modules():
        if name.split(".")[1:2] in (["addons"], ["names"], ["owners"], ["decrypt"], ["run"]):
            assert "platform.current" not in path.read_text(), name


def test_a_summary_of_a_file_loads_no_more_than_it_needs() -> None:
    """Short runs are mostly imports: filters, the platform's parts, plugins and packs are others' to pay for."""
    dear = ("netwatch.filter", "netwatch.platform.base", "netwatch.platform.linux.machine", "netwatch.plugins",
            "netwatch.store.packs", "netwatch.model.machine", "netwatch.ui", "netwatch.detect", "difflib", "zipfile",
            "asyncio", "multiprocessing", "cryptography", "numpy")
    capture = str(ROOT / "tests" / "golden" / "http.pcap")
    code = (f"import sys; from netwatch.cli import run; run(['read', {capture!r}, '--what', 'summary']);"
            f"print(*[name for name in {dear!r} if name in sys.modules], file=sys.stderr)")
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
                           check=True, env=ENVIRONMENT)
    assert found.stdout.startswith('{"schema":"netwatch.summary/1"')
    assert found.stderr.split() == []
