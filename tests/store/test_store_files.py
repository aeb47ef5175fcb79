"""The user's own files under sudo: read and written with the caller's rights alone, wherever a link leads."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT
from netwatch_terminal import Terminal

from netwatch.store import files, folders

CALLER = 65534  # nobody: has an account everywhere, and no home
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="acts as root that was called by somebody")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of the caller's, in which anybody may look."""
    folder = Path(tempfile.mkdtemp(prefix="netwatch-home-"))
    folder.chmod(0o755)
    os.chown(folder, CALLER, -1)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("root:verysecret\n")
    path.chmod(0o600)
    return path


def sudo(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """netwatch as root, called by CALLER."""
    env = {**ENVIRONMENT, "SUDO_UID": str(CALLER), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home), **more}
    return subprocess.run([*COMMAND, *words], env=env, capture_output=True, text=True, timeout=60, check=False)


def act(home: Path, code: str) -> str:
    """What a piece of code prints under sudo."""
    env = {**ENVIRONMENT, "SUDO_UID": str(CALLER), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_root
def test_what_is_written_is_the_callers(home: Path) -> None:
    done = sudo(home, "config", "init")
    path = home / "netwatch" / "netwatch.toml"
    assert done.returncode == 0, done.stderr
    for each in (path, path.parent):
        assert each.stat().st_uid == CALLER and not each.stat().st_mode & 0o077
    status = "print(open('/proc/thread-self/status').read())\n"
    code = f"from netwatch.store.files import as_caller\nwith as_caller(): {status}"
    uids = [line.split()[1:] for line in act(home, code + code).splitlines() if line.startswith("Uid:")]
    assert uids == [["0", "0", "0", str(CALLER)]] * 2
    assert act(home, code + status).count("\nUid:\t0\t0\t0\t0\n") == 1


@needs_root
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_no_link_of_the_callers_is_written_through(home: Path, secret: Path, force: tuple[str, ...]) -> None:
    """Neither a new file in a folder of root's, nor one in place of a file of root's."""
    (home / "netwatch").mkdir()
    for target in (secret, secret.with_name("new")):
        link = home / "netwatch" / "netwatch.toml"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        done = sudo(home, "config", "init", *force)
        assert done.returncode != 0 and "Traceback" not in done.stderr
    assert secret.read_text() == "root:verysecret\n" and secret.stat().st_uid == 0
    assert os.listdir(secret.parent) == ["secret"]


@needs_root
def test_a_folder_that_is_a_link_makes_nothing_of_roots(home: Path, tmp_path: Path) -> None:
    (home / "netwatch").symlink_to(tmp_path)
    assert sudo(home, "config", "init").returncode != 0
    assert os.listdir(tmp_path) == []


@needs_root
@pytest.mark.parametrize("name", ["netwatch.toml", "ja4.tsv"])
def test_nothing_of_a_file_of_roots_is_told(home: Path, secret: Path, name: str) -> None:
    secret.parent.chmod(0o755)
    (home / "netwatch").mkdir()
    (home / "netwatch" / name).symlink_to(secret)
    done = sudo(home, "read", str(ROOT / "tests/golden/http.pcap"))
    assert "verysecret" not in done.stdout + done.stderr and "internal" not in done.stderr
    named = sudo(home, "read", str(ROOT / "tests/golden/http.pcap"), "--config", str(secret))
    assert named.returncode == 3 and "verysecret" not in named.stderr


@pytest.mark.parametrize("name", ["netwatch.toml", "ja4.tsv", "filters"])
def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "netwatch"
    folder.mkdir()
    os.mkfifo(folder / name)
    done = sudo(tmp_path, "read", str(ROOT / "tests/golden/http.pcap"), SUDO_UID="")
    assert "Traceback" not in done.stderr and "internal" not in done.stderr


@needs_root
def test_a_crash_report_is_the_callers(home: Path) -> None:
    code = "from netwatch.store.crash import write_report\nprint(write_report(ValueError('x')))"
    path = Path(act(home, code).strip())
    assert path.is_relative_to(home) and path.stat().st_uid == path.parent.stat().st_uid == CALLER
    assert "ValueError: x" in path.read_text() and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_crash_reports_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from netwatch.store import crash

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for _ in range(crash.KEPT + 5):
        assert crash.write_report(ValueError("again"))
    assert len(list((tmp_path / "netwatch").iterdir())) == crash.KEPT


@needs_root
def test_root_itself_follows_no_link_that_others_could_have_made(home: Path, secret: Path) -> None:
    """`su -m`: root in the home of somebody else, without a word of who that is."""
    link = home / "link"
    link.symlink_to(secret)
    with pytest.raises(OSError):
        files.read_bytes(link)
    files.write_text(link, "mine")
    assert not link.is_symlink() and secret.read_text() == "root:verysecret\n"
    own = secret.with_name("own")
    own.symlink_to(secret)
    assert files.read_text(own) == "root:verysecret\n"


@pytest.mark.parametrize("number", ["99999999999", "-1", "x", "", "4294967294", "\u0661"])
def test_an_odd_number_of_a_caller_is_nobody(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    monkeypatch.setenv("SUDO_UID", number)
    assert folders.caller() == os.geteuid()
    done = subprocess.run([*COMMAND, "config", "show", "--format", "json"], env={**ENVIRONMENT, "SUDO_UID": number},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)


@needs_root
def test_the_folders_of_the_caller_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """config, state and data folder, and with them classifiers, fingerprints, databases."""
    from netwatch.names import geo
    from netwatch.names.clients import overlay_path
    from netwatch.plugins import code

    monkeypatch.setenv("SUDO_UID", str(CALLER))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "NETWATCH_GEOIP"):
        monkeypatch.delenv(name, raising=False)
    account = folders.account(CALLER)
    assert account is not None
    found = [folders.config_folder(), folders.state_folder(), folders.data_folder(), overlay_path(),
             code.folder("classifiers"), *map(Path, geo.folders()[:2])]
    assert all(path.is_relative_to(account[1]) for path in found), found


@needs_root
def test_a_program_is_run_as_who_called(home: Path) -> None:
    """It can write its keys, and is nobody else in any other way."""
    say = 'echo $(id -u) $(id -g) $HOME; echo "# keys" >> $SSLKEYLOGFILE && echo written'
    done = sudo(home, "run", "-i", "lo", "--", "sh", "-c", say)
    account = folders.account(CALLER)
    assert account is not None and done.returncode == 0
    assert f"{CALLER} {account[0]} {account[1]}\nwritten\n" in done.stderr


@needs_root
def test_what_the_caller_may_not_look_at_is_not_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does root look in their place, nor is it a fault."""
    shut = home / "shut"
    (shut / "addons").mkdir(parents=True)
    (shut / "addons" / "one.py").touch()
    (shut / "plain").touch()
    for caller, mode, seen in (("0", 0o700, True), (str(CALLER), 0o700, False), (str(CALLER), 0o755, True)):
        monkeypatch.setenv("SUDO_UID", caller)
        shut.chmod(mode)
        assert files.is_there(shut / "plain") is seen and not files.is_there(shut / "plain", folder=True)
        assert files.is_there(shut / "addons", folder=True) is seen
        assert len(files.listed(shut / "addons", "*.py")) == seen
        assert not files.is_there(shut / "none") and files.listed(shut / "none", "*") == []


@needs_root
def test_the_terminal_starts_where_the_caller_may_not_look(home: Path) -> None:
    """The card is shown: whether it was seen cannot be known."""
    shut = home / "shut"
    (shut / "netwatch").mkdir(parents=True)
    (shut / "netwatch" / "welcomed").touch()
    shut.chmod(0o700)
    with Terminal("-r", str(ROOT / "docs" / "tour.pcap"), folder=home, NETWATCH_UI_WELCOME="true", SUDO_UID=str(CALLER),
                  XDG_STATE_HOME=str(shut)) as terminal:
        assert b"Welcome to" in terminal.read(30, until=b"Welcome to")
