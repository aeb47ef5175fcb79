"""What packages are made of, as far as it can be held without one: `make packages-test` makes one and uses it."""

from __future__ import annotations

import argparse
import hashlib
import os
import plistlib
import re
import runpy
import shutil
import stat
import struct
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

from netwatch.cli import COMMANDS

SCRIPTS = [path for path in sorted((ROOT / "packaging").rglob("*")) if path.is_file() and path.suffix in (".sh", "")
           and path.read_bytes()[:2] == b"#!"]
ENTRY = runpy.run_path(str(ROOT / "build" / "entry.py"))
WORDS = runpy.run_path(str(ROOT / "packaging" / "words.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT / "packaging")))
def test_scripts_are_sound(path: Path) -> None:
    shell = path.read_text().splitlines()[0].removeprefix("#!").split()[-1].rsplit("/", 1)[-1]
    subprocess.run([shell, "-n", path], check=True)
    assert path.parent.name == "deb" or os.access(path, os.X_OK)
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", "-x", "-S", "warning", "-e", "SC1091", path], cwd=ROOT,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_make_calls_every_script() -> None:
    makefile = (ROOT / "Makefile").read_text()
    called = {f"packaging/{path.name}" for path in SCRIPTS if path.parent.name == "packaging"}
    assert set(re.findall(r"packaging/[\w-]+\.sh", makefile)) == called


# ------------------------------------------------------------------------------------------------- other systems' forms

@pytest.mark.parametrize(("script", "tools"), [("msi", ("wixl", "msiinfo", "msiextract", "osslsigncode")),
                                               ("dmg", ("xorrisofs", "dmg2img", "7z"))])
def test_the_recipe_works_with_text_in_place_of_the_programs(script: str, tools: tuple[str, ...]) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing or (ROOT / "dist" / "windows").exists():
        pytest.skip(f"{', '.join(missing)}: not here" if missing else "dist/windows is here, and is not for tests")
    done = subprocess.run([ROOT / "packaging" / f"{script}.sh"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "standin" in done.stderr


def test_an_installer_names_the_same_files_alike_and_others_differently(tmp_path: Path) -> None:
    files = runpy.run_path(str(ROOT / "packaging" / "msi" / "files.py"))
    for name in ("a", "b/a", "b/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    text = files["fragment"](tmp_path).decode()
    assert text == files["fragment"](tmp_path).decode()
    guids = re.findall(r'Guid="([^"]+)"', text)
    assert len(guids) == len(set(guids)) == text.count("<ComponentRef") == 3


@pytest.mark.parametrize("size", [0, 512, 512 * 513, 512 * 2000])
def test_a_disk_image_unwraps_to_itself(size: int) -> None:
    """The runs that the trailer leads to hold the image, whole and in order."""
    image = os.urandom(size // 2) + bytes(size - size // 2)
    wrapped = runpy.run_path(str(ROOT / "packaging" / "dmg" / "udif.py"))["wrap"](image)
    trailer = wrapped[-512:]
    assert trailer[:4] == b"koly"
    listed, length = struct.unpack_from(">QQ", trailer, 216)
    table = plistlib.loads(wrapped[listed:listed + length])["resource-fork"]["blkx"][0]["Data"]
    runs = [struct.unpack_from(">IIQQQQ", table, 204 + 40 * i) for i in range(struct.unpack_from(">I", table, 200)[0])]
    assert runs[-1][0] == 0xFFFFFFFF
    assert b"".join(zlib.decompress(wrapped[at:at + size]) for _, _, _, _, at, size in runs[:-1]) == image


def test_the_formula_pins_what_is_not_homebrews_own(tmp_path: Path) -> None:
    made = runpy.run_path(str(ROOT / "packaging" / "homebrew" / "formula.py"))
    (tmp_path / "netwatch-1.tar.gz").write_bytes(b"sources")
    lock = {"packages": [{"name": name, "sdist": {"url": f"file:///{name}", "hashes": {"sha256": "5"}}}
                         for name in ("psutil", "cryptography", "brotli")]}
    text = made["formula"](tmp_path / "netwatch-1.tar.gz", lock, "file:///netwatch-1.tar.gz", "file:///")
    assert re.findall(r'resource "(.*)" do', text) == ["brotli", "psutil"]
    assert 'depends_on "cryptography"' in text
    assert hashlib.sha256(b"sources").hexdigest() in text
    if shutil.which("ruby"):
        subprocess.run(["ruby", "-wc", "/dev/stdin"], input=text, text=True, check=True, capture_output=True)
    with pytest.raises(SystemExit, match="no source archive"):
        made["formula"](tmp_path / "netwatch-1.tar.gz", {"packages": [{"name": "x", "version": "1"}]}, "", "")


def test_what_a_bundle_is_made_of_is_pinned() -> None:
    """All that pyproject.toml asks for, each with a version and the sums of its archives."""
    text = (ROOT / "packaging" / "requirements.txt").read_text()
    pinned = {name.lower(): sums for name, sums in re.findall(r"^([\w.-]+)==\S+(.*?)(?=^\S|\Z)", text, re.M | re.S)}
    with open(ROOT / "pyproject.toml", "rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    names = {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in wanted}
    assert names | {"pyinstaller"} <= set(pinned)
    assert all(sums.count("--hash=sha256:") for sums in pinned.values())


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze: not here")
    unit = tmp_path / "netwatch-agent.service"
    text = (ROOT / "packaging" / "systemd" / unit.name).read_text()
    unit.write_text(text.replace("/usr/bin/netwatch ", f"{sys.executable} "))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "netwatch-agent" in line] == []
    assert done.returncode == 0


def test_workflows_call_what_is_there() -> None:
    yaml = pytest.importorskip("yaml")
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        steps = [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]
        called = {word for step in steps for line in step.get("run", "").splitlines()
                  for each in re.findall(r"\bmake ((?:[a-z-]+ ?)+)$", line) for word in each.split()}
        assert called <= targets


# ----------------------------------------------------------------------------------------------- the frozen program

def test_commands_that_tell_of_rights_are_commands() -> None:
    assert set(COMMANDS) > ENTRY["TELLING"]


@pytest.mark.parametrize("words", [["read", "x.pcap"], [], ["--self-test"], ["-r", "x"], ["config"], ["--version"]])
def test_the_helper_is_nothing_else(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may run netwatch-capd has its capabilities for capturing, not for reading files."""
    monkeypatch.setattr(sys, "argv", ["netwatch-capd", *words])
    monkeypatch.setattr(sys, "executable", "/usr/lib/netwatch/netwatch-capd")
    with pytest.raises(SystemExit, match="netwatch starts it"):
        ENTRY["main"]()


@pytest.mark.parametrize(("name", "becomes"), [("netwatch", ["netwatch-capd", "devices"]), ("netwatch-capd", [])])
def test_the_helper_is_become_once(name: str, becomes: list[str], monkeypatch: pytest.MonkeyPatch,
                                   tmp_path: Path) -> None:
    (tmp_path / "netwatch-capd").touch(0o755)
    begun: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", [name, "devices"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / name))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "execv", lambda path, words: begun.append([Path(words[0]).name, *words[1:]]))
    monkeypatch.setattr("netwatch.__main__.main", lambda: 0)
    monkeypatch.setenv("TERMINFO_DIRS", "")
    monkeypatch.setitem(ENTRY["main"].__globals__, "raise_capabilities", lambda: None)
    assert ENTRY["main"]() == 0
    assert begun == [becomes] * bool(becomes)


@pytest.mark.parametrize("installed", [True, False])
def test_the_program_starts_the_helper_by_the_word_that_it_knows(installed: bool, monkeypatch: pytest.MonkeyPatch,
                                                                 tmp_path: Path) -> None:
    from netwatch.capture.capd.client import command

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "netwatch"))
    if installed:
        (tmp_path / ENTRY["CAPD"]).touch(0o755)
    started, word, *given = command(7, 8)
    assert started == str(tmp_path / (ENTRY["CAPD"] if installed else "netwatch"))
    assert (word, *given) == (ENTRY["HELPER"], "7", "8", str(os.getpid()))


def test_who_is_whose_parent() -> None:
    assert ENTRY["parent_of"](os.getpid()) == os.getppid()


def test_the_environment_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What netwatch starts must not load the libraries of the bundle."""
    for name, value in {"LD_LIBRARY_PATH": "/bundle", "LD_LIBRARY_PATH_ORIG": "/mine", "_PYI_ARCHIVE_FILE": "x",
                        "TERMINFO_DIRS": "/theirs"}.items():
        monkeypatch.setenv(name, value)
    ENTRY["clean_environment"]()
    assert os.environ["LD_LIBRARY_PATH"] == "/mine"
    assert not [name for name in os.environ if name.startswith("_PYI") or name == "LD_LIBRARY_PATH_ORIG"]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    ENTRY["clean_environment"]()
    assert "LD_LIBRARY_PATH" not in os.environ
    ENTRY["describe_terminals"]("/bundle")
    assert os.environ["TERMINFO_DIRS"] == "/theirs:/bundle/terminfo"


def test_a_classifier_has_its_libraries() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import {', '.join(ENTRY['FOR_CLASSIFIERS'])}"])
    assert done.returncode == 0


def test_the_program_starts_the_worker_by_the_word_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    from netwatch.plugins.process import worker

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker() == [sys.executable, ENTRY["WORKER"]]


def test_what_gives_the_right_in_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from netwatch.capture import live

    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "netwatch"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert live.permission_fix() == "run it with sudo"
    program = tmp_path / "netwatch-capd"
    program.write_text("")
    monkeypatch.setattr(Path, "group", lambda path: "netwatch")
    monkeypatch.setattr(Path, "stat", lambda path, **more: os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, 0, 0, 0, 0)))
    assert "dpkg-reconfigure netwatch" in live.permission_fix()
    monkeypatch.setattr(Path, "stat", lambda path, **more: os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 9, 0, 0, 0, 0)))
    assert "usermod -aG netwatch $USER" in live.permission_fix()


# ------------------------------------------------------------------------------------------------- manual, completions

def test_every_option_is_in_the_manual() -> None:
    page = WORDS["command_page"]().replace("\\-", "-")
    parsers: dict[str, argparse.ArgumentParser] = WORDS["parsers"]()
    assert {name.partition(" ")[0] for name in parsers} == {"", *COMMANDS}
    assert {"bundle make", "bundle verify"} <= set(parsers)
    for parser in parsers.values():
        for action in parser._actions:
            assert all(f"\\fB{name}\\fR" in page for name in action.option_strings), action
            assert "%(" not in (action.help or "") or "%(" not in page


@pytest.mark.parametrize("name", ["netwatch.1", "netwatch-filter.7", "netwatch.toml.5"])
def test_manual_pages_are_clean(name: str, tmp_path: Path) -> None:
    page = tmp_path / name
    page.write_text(WORDS["PAGES"][name]())
    lines = page.read_text().splitlines()
    requests = {line.split()[0] for line in lines if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".IP", ".PP", ".B", ".I", ".br", ".nf", ".fi", ".RS", ".RE"}
    assert not [line for line in lines if line.startswith("'")]
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-l", "-Tutf8", page], capture_output=True, text=True,
                              env={**ENVIRONMENT, "MANPAGER": "cat"})
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell: str) -> None:
    shtab = pytest.importorskip("shtab")
    text = shtab.complete(WORDS["whole_parser"](), shell)
    assert all(name in text for name in COMMANDS)
    if shutil.which(shell):
        subprocess.run([shell, "-n", "/dev/stdin"], input=text, text=True, check=True)
