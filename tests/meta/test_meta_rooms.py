"""The rooms of `_fast` (DESIGN section 2): which folder may cimport or import which, and that nothing goes in circles.

A door is a module that stands beside the rooms. Whoever must be called upwards is registered when the engine is made.
"""

from __future__ import annotations

import re

import pytest
from test_meta_imports import FAST, arrows, modules, within

BELOW: dict[str, tuple[str, ...]] = {  # room or door: what of _fast it may know besides itself
    "base": (),
    "wire": ("base",),
    "parse": ("base", "wire"),
    "flow": ("base", "wire"),
    "flows": ("base", "wire", "flow"),
    "look": ("base", "wire", "flow"),
    "streams": ("base", "wire", "flow", "look"),
    "proto": ("base", "wire", "flow", "look"),
    "dpi": ("look", "proto"),
    "input": ("base", "wire"),
    "engine": ("base", "wire", "parse", "flow", "flows", "look", "streams", "dpi", "input"),
    "out": ("base", "wire", "flow", "flows", "look", "proto", "dpi", "input", "engine"),
    "view": ("base", "wire", "parse", "flow", "flows", "look", "dpi", "input", "engine", "out"),
    "notice": ("base", "wire", "flow", "flows", "proto", "dpi", "engine", "out"),
    "term": (),
    "os": ("base", "wire", "input"),
}
NAMES = {name for name, _ in modules()}


def room_of(name: str) -> str:
    return name.removeprefix(FAST + ".").partition(".")[0]


def module_of(wanted: str) -> str:
    return wanted if wanted in NAMES else wanted.rpartition(".")[0]


def test_every_module_has_a_room() -> None:
    assert {room_of(name) for name, _ in modules() if name.startswith(FAST + ".")} == set(BELOW)


def test_rooms_know_only_what_is_below() -> None:
    wrong = [f"{path}: {wanted}" for name, wanted, path in arrows()
             if within(name, FAST) and within(wanted, FAST) and module_of(wanted) != FAST and name != FAST
             and room_of(wanted) not in (room_of(name), *BELOW[room_of(name)])]
    assert not wrong, "\n".join(wrong)


def test_core_knows_no_protocol() -> None:
    """No arrow from a room below the protocols to one of them; one protocol may know another (TLS in SMTP)."""
    wrong = [f"{name} -> {wanted}" for name, wanted, _ in arrows()
             if within(wanted, f"{FAST}.proto") and within(name, FAST)
             and room_of(name) not in ("proto", "dpi", "out", "notice")]
    assert not wrong


def test_nothing_goes_in_circles() -> None:
    """Strongly connected components of all modules, import and cimport alike (Tarjan)."""
    graph: dict[str, list[str]] = {name: [] for name in NAMES}
    for name, wanted, _ in arrows():
        if module_of(wanted) in graph and module_of(wanted) != name:
            graph[name].append(module_of(wanted))
    assert not circles(graph)


def circles(graph: dict[str, list[str]]) -> list[list[str]]:
    """The components of more than one module. Without recursion: the walk of each name is kept as an iterator."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []
    for root in graph:
        walk = [(root, iter(graph[root]))] if root not in index else []
        if walk:
            index[root] = low[root] = len(index)
            stack.append(root)
        while walk:
            name, rest = walk[-1]
            for to in rest:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    walk.append((to, iter(graph[to])))
                    break
                if to in stack:
                    low[name] = min(low[name], index[to])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[name])
                if low[name] == index[name]:
                    at = stack.index(name)
                    if len(stack) - at > 1:
                        found.append(stack[at:])
                    del stack[at:]
    return found


def test_circles_are_found() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}) == [["b", "c"]]


@pytest.mark.parametrize("what", ["a star across rooms", "bounds unchecked for a module"])
def test_no_module_hides(what: str) -> None:
    wrong = []
    for name, path in modules():
        text = path.read_text()
        if what == "bounds unchecked for a module":
            if re.search(r"^#\s*cython:.*boundscheck\s*=\s*False", text, re.M):
                wrong.append(name)
        elif path.suffix != ".py":
            own = room_of(name) if room_of(name) != "proto" else ".".join(name.split(".")[:4])
            wrong += [f"{name}: {star}" for star in re.findall(r"^from (netwatch[\w.]+) cimport \*", text, re.M)
                      if not within(star, f"{FAST}.{own}" if room_of(name) != "proto" else own)]
    assert not wrong, "\n".join(wrong)
