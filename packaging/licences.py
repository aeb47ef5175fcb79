"""The licences of what a bundle holds: `python packaging/licences.py BUNDLE > THIRD-PARTY`, run in the bundle's venv.

Of each distribution in the venv its name, version, licence and the text; of each shared library the Debian package that
it was taken from and that package's copyright file.
"""
from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

BUILD_ONLY = {"pip", "setuptools", "wheel", "pyinstaller", "altgraph", "packaging", "Cython",
              "pyinstaller-hooks-contrib", "pycparser", "netwatch"}
FOLDERS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
RULE = "=" * 100


def distributions() -> list[str]:
    out = []
    for each in sorted(importlib.metadata.distributions(), key=lambda d: d.name.lower()):
        if each.name in BUILD_ONLY:
            continue
        licence = each.metadata.get("License-Expression") or each.metadata.get("License") or ""
        classifiers = [line for line in each.metadata.get_all("Classifier") or [] if line.startswith("License")]
        texts = [Path(str(each.locate_file(path))).read_text(errors="replace") for path in each.files or []
                 if path.name.upper().startswith(("LICEN", "COPYING", "NOTICE")) and path.suffix != ".py"]
        out.append("\n".join([f"{each.name} {each.version}", licence.splitlines()[0] if licence else "", *classifiers,
                              "", *texts]))
    return out


def libraries(bundle: Path) -> list[str]:
    packages: dict[str, list[str]] = {}
    for path in sorted((bundle / "_internal").glob("lib*.so*")):
        found = next((Path(folder, path.name) for folder in FOLDERS if Path(folder, path.name).exists()), None)
        if found is None:
            raise SystemExit(f"{path.name}: of no folder of libraries here")
        owner = ""
        for name in (found, found.resolve(), str(found).replace("/lib/", "/usr/lib/", 1),
                     str(found.resolve()).removeprefix("/usr")):
            done = subprocess.run(["dpkg-query", "-S", str(name)], capture_output=True, text=True)
            if done.returncode == 0:
                owner = done.stdout.split(":")[0]
                break
        if not owner:
            raise SystemExit(f"{found}: of no Debian package, and so of no known licence")
        packages.setdefault(owner, []).append(path.name)
    return [f"{owner}: {', '.join(names)}\n\n{copyright_of(owner)}" for owner, names in sorted(packages.items())]


def copyright_of(package: str) -> str:
    return Path("/usr/share/doc", package, "copyright").read_text(errors="replace")


def main() -> int:
    bundle = Path(sys.argv[1])
    python = f"Python {sys.version.split()[0]}\n\n{copyright_of(f'python{sys.version_info[0]}.{sys.version_info[1]}')}"
    print(f"\n{RULE}\n".join(["What this bundle of netwatch holds of others, and under which licences.",
                              python, *distributions(), *libraries(bundle)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
