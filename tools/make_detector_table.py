"""Writes the table of docs/detectors.md: how often each detector is right over the situations of tests/detect, and what
it says of published captures.

    python tools/make_detector_table.py [FOLDER]     FOLDER: captures; without it that part is left as it was
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "detectors.md"
BEGIN, END = "<!-- Written by tools/make_detector_table.py: -->\n", "<!-- until here -->\n"
HEAD = ("| Detector | must fire | fired | must not | fired | precision | recall | published captures |\n"
        "|---|---|---|---|---|---|---|---|\n")
ROW = re.compile(r"\| `(\w+)` \|.*\| (.*) \|")
CAPTURES = (".pcap", ".pcapng", ".cap", ".pcapng.gz", ".pcap.gz")


def main(arguments: list[str]) -> int:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    published = over_captures(pathlib.Path(arguments[0])) if arguments else dict(ROW.findall(old))
    PAGE.write_text(before + BEGIN + HEAD + "".join(rows(published)) + END + after)
    return 0


def rows(published: dict[str, str]) -> list[str]:
    """A line for each detector that has situations."""
    folders = ("tests", "tests/detect", "tests/engine", "tests/proto")
    sys.path[:0] = [str(ROOT), *(str(ROOT / name) for name in folders)]
    import everyday  # noqa: F401 - its situations
    import habits  # noqa: F401
    import logins  # noqa: F401
    import neighbours  # noqa: F401
    import offices  # noqa: F401
    import scans  # noqa: F401
    import services  # noqa: F401
    from situation import SITUATIONS, alerts

    fired = [(situation.fires, {each["kind"] for each in alerts(situation.frames())}) for situation in SITUATIONS]
    made = []
    for kind in sorted({kind for due, _ in fired for kind in due}):
        due = [kind in found for must, found in fired if kind in must]
        undue = [kind in found for must, found in fired if kind not in must]
        right, wrong = sum(due), sum(undue)
        precision = f"{right / (right + wrong):.2f}" if right + wrong else "-"
        made.append(f"| `{kind}` | {len(due)} | {right} | {len(undue)} | {wrong} | {precision} | "
                    f"{right / len(due):.2f} | {published.get(kind, '0')} |\n")
    return made


def over_captures(folder: pathlib.Path) -> dict[str, str]:
    """What each detector says of all captures below a folder, by severity."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and each.name.endswith(CAPTURES)):
        done = subprocess.run([sys.executable, "-m", "netwatch", "read", str(path), "--what", "alerts", "--format",
                               "ndjson"], cwd=ROOT, capture_output=True, check=False)
        for line in done.stdout.splitlines():
            alert = json.loads(line)
            found.setdefault(alert["kind"], Counter())[alert["severity"]] += 1
    return {kind: ", ".join(f"{n} {severity}" for severity, n in sorted(by.items())) for kind, by in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
