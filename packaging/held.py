"""What a bundle holds of others: `python packaging/held.py licences|sbom BUNDLE`, by the Python of the bundle's venv.

licences: a text with the name, version and licence of each, for people. sbom: the same as CycloneDX 1.6 in JSON, for
programs. Python distributions are those of the venv; a shared library is of the Debian package that it was taken from.
"""
from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# in the venv, but in no bundle
BUILD_ONLY = {"pip", "setuptools", "wheel", "pyinstaller", "altgraph", "packaging", "Cython",
              "pyinstaller-hooks-contrib", "pycparser"}
FOLDERS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
RULE = "=" * 100
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def distributions() -> list[importlib.metadata.Distribution]:
    found = [each for each in importlib.metadata.distributions() if each.name not in BUILD_ONLY]
    return sorted(found, key=lambda each: each.name.lower())


def licence(distribution: importlib.metadata.Distribution) -> str:
    """As its metadata tells it: an expression, a word, or the classifier."""
    about = distribution.metadata
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
    words = about.get("License-Expression") or about.get("License") or \
        ", ".join(line.rpartition(" :: ")[2] for line in classifiers)
    return words.splitlines()[0] if words else "not told"


def libraries(bundle: Path) -> dict[str, list[Path]]:
    """The shared libraries of a bundle, by the Debian package that each is of; where one is of none it ends here."""
    found: dict[str, list[Path]] = {PYTHON: []}
    for path in sorted((bundle / "_internal").glob("lib*.so*")):
        here = next((Path(folder, path.name) for folder in FOLDERS if Path(folder, path.name).exists()), None)
        names = {str(here), str(here and here.resolve())}
        names |= {name.removeprefix("/usr") for name in names} | {f"/usr{name}" for name in names}
        done = subprocess.run(["dpkg-query", "-S", *sorted(names)], capture_output=True, text=True)
        if not done.stdout:
            raise SystemExit(f"{path.name}: of no Debian package, and so of no known licence")
        found.setdefault(done.stdout.split(":")[0], []).append(path)
    return found


def version_of(package: str) -> str:
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                          check=True).stdout


def licences(bundle: Path) -> str:
    parts = ["What this bundle of netwatch holds of others, and under which licences."]
    for each in distributions():
        if each.name != "netwatch":
            texts = [Path(str(each.locate_file(path))).read_text(errors="replace") for path in each.files or []
                     if path.name.upper().startswith(("LICEN", "COPYING", "NOTICE")) and path.suffix != ".py"]
            parts.append("\n".join([f"{each.name} {each.version}", licence(each), "", *texts]))
    for package, paths in sorted(libraries(bundle).items()):
        text = Path("/usr/share/doc", package, "copyright").read_text(errors="replace")
        parts.append(f"{package} {version_of(package)}: {', '.join(path.name for path in paths)}\n\n{text}")
    return f"\n{RULE}\n".join(parts)


def components(bundle: Path) -> Iterator[dict[str, Any]]:
    for each in distributions():
        if each.name != "netwatch":
            yield {"type": "library", "name": each.name, "version": each.version,
                   "licenses": [{"license": {"name": licence(each)}}],
                   "purl": f"pkg:pypi/{each.name.lower()}@{each.version}"}
    for package, paths in sorted(libraries(bundle).items()):
        version = version_of(package)
        yield {"type": "library", "name": package, "version": version,
               "purl": f"pkg:deb/debian/{package}@{version.replace(':', '%3A').replace('+', '%2B')}",
               "components": [{"type": "file", "name": path.name, "hashes": [{
                   "alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]} for path in paths]}


def sbom(bundle: Path) -> str:
    """The same bits for the same bundle: its number is made of its content."""
    held = [{**each, "bom-ref": each["purl"]} for each in components(bundle)]
    version = importlib.metadata.version("netwatch")
    own = f"pkg:generic/netwatch@{version}"
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())))
    return json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(held))}",
        "metadata": {"timestamp": made, "component": {
            "type": "application", "name": "netwatch", "version": version, "purl": own, "bom-ref": own,
            "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": held,
        "dependencies": [{"ref": own, "dependsOn": [each["bom-ref"] for each in held]}],
    }, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write({"licences": licences, "sbom": sbom}[sys.argv[1]](Path(sys.argv[2])))
