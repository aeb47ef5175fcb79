"""Random keys, mouse reports, resizes and broken escape sequences: the program lives, answers, and leaves the terminal
as it was. `python -m tests.ui.monkey KEYS SEED [ARGS of netwatch]`; a few thousand of them are a test.
"""
from __future__ import annotations

import random
import signal
import sys
import tempfile
import termios
import time
from pathlib import Path

from tests.ui.pty_run import Terminal

SPECIAL = ("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1bOA", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\x1b[3~",
           "\x1b[Z", "\x1bOP", "\x1b[15~", "\t", "\r", "\x1b", "\x7f", " ")
BROKEN = ("\x1b[", "\x1b[999;", "\x1b[<0;", "\x1b]52;c;", "\x1bP", "\xc3", "\x1b[200~paste\x1b[201~", "\x1b[I", "\x00",
          "\x1b[M   ", "\x1b[<35;400;400M", "é漢\u202e")
LETTERS = "".join(chr(code) for code in range(33, 127) if chr(code) not in "q")
CONTROLS = [chr(code) for code in range(1, 27) if code not in (3, 17, 19, 26, 28)]     # not Ctrl-C, -Q, -S, -Z
SIZES = ((24, 80), (40, 120), (50, 200), (12, 40), (8, 30), (30, 100), (100, 400))
BATCH = 20                         # keys between two looks


def key(dice: random.Random) -> str:
    kind = dice.random()
    if kind < 0.55:
        return dice.choice(LETTERS)
    if kind < 0.80:
        return dice.choice(SPECIAL)
    if kind < 0.87:
        return dice.choice(CONTROLS)
    if kind < 0.95:
        button = dice.choice((0, 0, 64, 65, 1, 2))
        return f"\x1b[<{button};{dice.randrange(1, 210)};{dice.randrange(1, 55)}{dice.choice('Mm')}"
    return dice.choice(BROKEN)


def run(keys: int, seed: int, folder: Path, *words: str) -> None:
    """Raises AssertionError with what went wrong and after how many keys. The palette can leave the program, which is
    no fault: it is begun again."""
    dice, done = random.Random(seed), 0
    while done < keys:
        done = _session(done, keys, dice, folder, words)
    reports = list(folder.rglob("crash-*"))
    assert not reports, reports[0].read_text()


def _session(done: int, keys: int, dice: random.Random, folder: Path, words: tuple[str, ...]) -> int:
    """Press keys until there are enough or the program is left; how many there have been."""
    folders = {name: str(folder / name) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    with Terminal(*words, module="netwatch", rows=24, cols=80, NETWATCH_OWNERS_FIND="false", cwd=str(folder),
                  **folders) as terminal:
        assert terminal.read(20, b"quit"), "no first screen"
        while done < keys and terminal.process.poll() is None:
            if dice.random() < 0.05:
                terminal.resize(*dice.choice(SIZES))
            terminal.send("".join(key(dice) for _ in range(BATCH)))
            terminal.read(0.03)
            done += BATCH
        if terminal.process.poll() is None:
            terminal.resize(24, 80)
            terminal.read(0.5)
            terminal.send("\x1b\x0c")
            assert terminal.read(2), f"no answer after {done} keys"
            terminal.process.send_signal(signal.SIGTERM)
        code = terminal.process.wait(20)
        terminal.read(0.5)
        assert code == (143 if done >= keys and code else 0), f"exit {code} after {done} keys"
        assert b"\x1b[?1049l" in terminal.seen[-4000:], f"the screen is not given back after {done} keys"
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3], "echo and lines are as they were"
    return done


def main() -> None:
    keys, seed, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run(keys, seed, Path(folder), *words)
    print(f"{keys} keys, seed {seed}: alive, restored, no crash report; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
