"""Any bytes as a frame of any link type → a tree of bounded size, every node within the frame, no control character.

Input: link type (2), bytes that the wire adds (1), the frame. Besides: the tree of a frame that is cut has no more
layers than the whole one's and a note. Run: python fuzz/fuzz_dissect.py -max_total_time=600 CORPUS
"""

from __future__ import annotations

import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "engine"))


def frame_of(data: bytes) -> Any:
    from netwatch.dissect import Frame
    from netwatch.dissect.link import LINKS

    number = int.from_bytes(data[:2], "big")
    link = list(LINKS)[number % len(LINKS)] if number & 0x8000 else number
    body = data[3:]
    return Frame(body, link, len(body) + (data[2] if len(data) > 2 else 0))


def check(frame: Any) -> int:
    """The property of one frame; how many layers it has."""
    from netwatch.dissect import dissect
    from netwatch.dissect.tree import MAX_NODES, MAX_TEXT

    layers = dissect(frame)
    todo, count = list(layers), 0
    while todo:
        node = todo.pop()
        count += 1
        assert node.at >= 0 and node.size >= 0 and node.at + node.size <= len(frame.data), node
        assert node.text and len(node.text) <= MAX_TEXT + 100, node
        assert all(c.isprintable() for c in node.text), node
        todo += node.children
    assert count <= MAX_NODES + 3
    return len(layers)


def one_input(data: bytes) -> None:
    frame = frame_of(data)
    check(frame)
    check(frame._replace(data=frame.data[: len(frame.data) // 2]))


def seeds(folder: str) -> None:
    """One input for each hand-made frame of the tests."""
    from cases import CASES

    from netwatch.dissect.link import LINKS

    os.makedirs(folder, exist_ok=True)
    for i, case in enumerate(CASES):
        if case.link in LINKS:
            number = 0x8000 // len(LINKS) * len(LINKS) + len(LINKS) + list(LINKS).index(case.link)
            with open(os.path.join(folder, f"case{i}"), "wb") as f:
                f.write(number.to_bytes(2, "big") + b"\0" + case.frame)


def main() -> None:
    import atheris
    from seeded import fuzz

    with atheris.instrument_imports(include=["netwatch.dissect"]):
        import netwatch.dissect
        from netwatch.dissect.tree import ROOMS

        assert netwatch.dissect.dissect(netwatch.dissect.Frame(b"", 1, 0)) and ROOMS
    fuzz(one_input, seeds)


if __name__ == "__main__":
    main()
