"""Runs modules that were compiled with sanitizers: every capture of tests/captures, a tenth of every attack of
bench/attacks.py, then every fuzz target.

    python fuzz/sanitized.py SECONDS        in the copy that fuzz/asan.sh makes

Exit code 1 when a sanitizer had something to say or a run ended by a signal; what was said is in found/.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from bench.attacks import ATTACKS, write  # noqa: E402

FOUND = ROOT / "found"
PATIENCE_S = 300
SAID = 99          # exit code of a run in which a sanitizer said something
FAULT = re.compile(r"ERROR: AddressSanitizer|runtime error:|internal error|Traceback")
# Python keeps what it has until it ends, so no leaks are looked for; with its own allocator what is read too far would
# still be memory of ours.
OPTIONS = {"ASAN_OPTIONS": f"detect_leaks=0:allocator_may_return_null=1:exitcode={SAID}",
           "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:exitcode={SAID}", "PYTHONMALLOC": "malloc"}
WRITTEN = "WRITTEN"  # stands for a file in found/
READINGS = (("--what", "flows,packets,dns,http,tls,alert,finding,summary"), ("--what", "streams"),
            ("--what", "flows", "--write", WRITTEN), ("--what", "packets", "--workers", "2"))


def environment() -> dict[str, str]:
    libraries = [subprocess.run(["gcc", f"-print-file-name=lib{name}.so"], text=True, capture_output=True,
                                check=True).stdout.strip() for name in ("asan", "ubsan")]
    return {**os.environ, **OPTIONS, "LD_PRELOAD": ":".join(libraries), "PYTHONPATH": str(ROOT)}


def fault_of(name: str, words: list[str], seconds: float) -> str:
    """What went wrong in a run; "" when nothing did. All of its words are kept in found/."""
    try:
        done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"{name}: did not end within {seconds:.0f} s"
    said = done.stderr.decode(errors="replace")
    first = next((line for line in said.splitlines() if FAULT.search(line)), "")
    if done.returncode != SAID and done.returncode >= 0 and not first:
        return ""
    (FOUND / f"{re.sub('[^A-Za-z0-9.-]+', '-', name)}.txt").write_text(said)
    return f"{name}: exit code {done.returncode}; {first or said[-300:].strip()}"


def attacks() -> Iterator[tuple[str, list[str]]]:
    """What is large reaches bounds that the inputs of fuzz targets are too small for."""
    (FOUND / "keys").write_bytes(b"\n" * (1 << 20))
    for name, attack in ATTACKS.items():
        path = FOUND / f"{name}.attack.pcap"
        write(path, attack.make(max(1, attack.size // 10)))
        yield name, [str(path), *(word.format(folder=FOUND) for word in attack.arguments)]


def main(seconds: int) -> int:
    FOUND.mkdir(exist_ok=True)
    for old in FOUND.iterdir():
        old.unlink()
    runs = []
    for capture in sorted((ROOT / "tests" / "captures").glob("*.pcap*")):
        keys = capture.with_suffix(".keys")
        given = ["--keylog", str(keys)] if keys.exists() else []
        for number, options in enumerate(READINGS):
            put = [str(FOUND / f"{capture.name}.pcapng") if word == WRITTEN else word for word in options]
            words = ["-m", "netwatch", "read", str(capture), *given, *put]
            runs.append((f"{capture.name} {number}", words, PATIENCE_S))
    runs += [(f"attack {name}", ["-m", "netwatch", "read", *words], PATIENCE_S) for name, words in attacks()]
    for target in sorted((ROOT / "fuzz").glob("fuzz_*.py")):
        runs.append((target.stem, ["fuzz/plain.py", str(target), f"-max_total_time={seconds}"], PATIENCE_S + seconds))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(lambda run: fault_of(*run), runs) if fault]
    for made in (*FOUND.glob("*.pcapng"), *FOUND.glob("*.attack.pcap")):
        made.unlink()
    print("\n".join(faults) or "no fault", f"{len(runs)} runs, {len(faults)} with a fault", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
