"""The package as a whole: its version, what starting it costs, its licences, its generated pages, its silence."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib

import pytest
from netwatch_command import ENVIRONMENT, ROOT
from setuptools.command.egg_info import FileList

HEAVY = ("argparse", "json", "npyscreen", "curses", "cryptography", "zstandard", "pylibpcap", "logging", "re", "re2",
         "netwatch.cli", "netwatch.schema", "netwatch._fast.engine")
# the licence of each runtime dependency: what its own metadata must say, and where it matters
LEDGER = {
    "npyscreen": r"BSD",
    "python-libpcap": r"BSD",
    "zstandard": r"BSD",
    "cryptography": r"Apache-2\.0 OR BSD-3-Clause",
    "hpack": r"MIT",
    "pylsqpack": r"BSD",
    "brotli": r"MIT",
    "psutil": r"BSD",
    "maxminddb": r"Apache",
    "google-re2": r"BSD",
    "platformdirs": r"MIT",
    "tomlkit": r"MIT",
    "prometheus_client": r"Apache-2\.0",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", code], env=ENVIRONMENT, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_version() -> None:
    from netwatch import __version__

    assert PROJECT["version"] == __version__


def test_version_loads_nothing_heavy() -> None:
    """What a bare interpreter has loaded anyway (by a .pth file of the venv, say) does not count."""
    bare = set(python("import sys; print(*sys.modules)").split())
    shown = python("import sys\nfrom netwatch.__main__ import main\nmain(['--version'])\nprint(*sys.modules)")
    loaded = set(shown.split("\n")[1].split()) - bare
    assert not loaded & set(HEAVY)
    assert not [name for name in loaded if name.startswith("netwatch.") and name != "netwatch.__main__"]


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run([sys.executable, "tools/make_reference.py", "--check"], cwd=ROOT, env=ENVIRONMENT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_licence_text() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ ;\[]", text)[0] for text in requirements}


def test_every_runtime_dependency_is_in_the_ledger() -> None:
    assert names_of([each for each in PROJECT["dependencies"] if "sys_platform" not in each]) == set(LEDGER)
    readme = (ROOT / "README.md").read_text()
    assert [name for name in LEDGER if name not in readme] == []


@pytest.mark.parametrize("name", LEDGER)
def test_licence_of_a_dependency(name: str) -> None:
    about = importlib.metadata.metadata(name)
    said = [about.get("License-Expression") or "", about.get("License") or ""]
    said += [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
    assert re.search(LEDGER[name], " ".join(said)), said


def test_nothing_calls_home() -> None:
    """No address of a host in the code: netwatch says nothing to anyone on its own. RFCs and examples may be named, and
    the registries that whois asks when a key or a command says so."""
    host = re.compile(r"https?://([\w.-]+)|[\"']((?:[\w-]+\.)+(?:com|org|net|io|dev))[\"']")
    harmless = re.compile(r"(?:^|\.)example(?:\.\w+)?$|^localhost$|^127\.0\.0\.1$")
    from netwatch.model.whois import SERVERS
    from netwatch.schema import BY_NAME  # field names look like hosts: geo.org
    others = re.compile(r"(?:netwatch|system)(?:\.\w+)+\.io|ip\.geoip\.org")  # OpenTelemetry's and Wireshark's do, too

    found = []
    for path in sorted((ROOT / "netwatch").rglob("*")):
        if path.suffix in (".py", ".pyx", ".pxd"):
            for match in host.finditer(path.read_text()):
                name = match[1] or match[2]
                known = name in BY_NAME or name in SERVERS.values()
                if not known and not harmless.search(name) and not others.fullmatch(name):
                    found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert not found


def test_nothing_opens_a_connection() -> None:
    """The module socket is used for constants and the list of interfaces only; but an agent has outlets, the
    helper sends probes and asks registries when it is told to, exporters are listened to at a port that is named, and
    a service on loopback comments on findings where it is named."""
    opens = re.compile(r"import (?:urllib|http|requests|asyncio|ssl)\b|socket\.socket\b|create_connection")
    paths = [*(ROOT / "netwatch").rglob("*.py"), *(ROOT / "netwatch").rglob("*.pyx")]
    paths = [path for path in paths if path.parent.name != "outlets" and path not in (
        ROOT / "netwatch/platform/registries.py", ROOT / "netwatch/agent/systemd.py",
        ROOT / "netwatch/platform/linux/probeflows.py",
        ROOT / "netwatch/cli/ports.py", ROOT / "netwatch/diagnose/commentary.py")]
    assert [path.name for path in paths if opens.search(path.read_text())] == []


def test_the_source_archive_has_all_that_the_checkout_has() -> None:
    """MANIFEST.in as setuptools reads it, against what is committed: who builds from the archive lacks nothing."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [path for path in listed.split("\0") if path and (ROOT / path).exists()]
    taken = FileList()
    taken.allfiles = files
    for line in (ROOT / "MANIFEST.in").read_text().splitlines():
        taken.process_template_line(line)
    of_the_forge = (".github/", ".gitignore", ".dockerignore", "MANIFEST.in", "pyproject.toml")  # setuptools adds two
    assert [path for path in files if path not in set(taken.files) and not path.startswith(of_the_forge)] == []
