"""Runs a fuzz target where atheris cannot be installed: its seeds, and mutations of them, for a while. No coverage.

    python fuzz/plain.py fuzz/fuzz_dns.py -max_total_time=20

A stand-in takes the place of the module atheris: the targets use Setup, Fuzz and instrument_imports of it.
"""

from __future__ import annotations

import contextlib
import random
import runpy
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_SIZE = 4096
PLAIN_SEEDS = [b"", b"\0" * 40, bytes(range(256)), b'port == 443 and sni contains "x"', b"\xd4\xc3\xb2\xa1" + bytes(40)]


class Plain:
    """What stands in for atheris."""

    def __init__(self) -> None:
        self.target: Callable[[bytes], None] = len
        self.mutate: Callable[[bytes, int, int], bytes] | None = None
        self.seconds = 20.0
        self.seed = 1

    def setup(self, argv: list[str], target: Callable[[bytes], None], custom_mutator: Any = None, **_: Any) -> None:
        self.target, self.mutate = target, custom_mutator
        for word in argv[1:]:
            name, _, value = word.partition("=")
            if name == "-max_total_time":
                self.seconds = float(value)
            elif name == "-seed":
                self.seed = int(value)

    def fuzz(self) -> None:
        rng = random.Random(self.seed or None)
        end = time.monotonic() + self.seconds
        runs = 0
        while time.monotonic() < end or not runs:
            data = self._input(rng)
            try:
                self.target(data)
            except BaseException:
                print(f"failed after {runs} runs, by the input {data!r}", file=sys.stderr)
                raise
            runs += 1
        print(f"Done {runs} runs without coverage")

    def _input(self, rng: random.Random) -> bytes:
        seed = rng.choice(PLAIN_SEEDS)
        if self.mutate is not None:
            return self.mutate(seed, MAX_SIZE, rng.getrandbits(32))
        out = bytearray(seed)
        for _ in range(rng.randrange(6)):
            at = rng.randrange(len(out) + 1)
            out[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
        return bytes(out)


def main() -> None:
    plain = Plain()
    module = types.ModuleType("atheris")
    module.Setup = plain.setup  # type: ignore[attr-defined]
    module.Fuzz = plain.fuzz  # type: ignore[attr-defined]
    module.instrument_imports = lambda **_: contextlib.nullcontext()  # type: ignore[attr-defined]
    sys.modules["atheris"] = module
    del sys.argv[0]
    sys.path.insert(0, str(Path(sys.argv[0]).parent))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
