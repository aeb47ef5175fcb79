"""What is kept by the real sudo, from an ordinary user: theirs, for nobody else to read, and nothing is read or written
for them that is root's alone."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

USER, UID = "netwatch-sudo", 54321
TOUR = ROOT / "docs" / "tour.pcap"
PASSWD = Path("/etc/passwd")
# their machine has one more user, who may call sudo: in a mount namespace of its own
INSIDE = """
set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/sudoers" /etc/sudoers
cd "$1/home"
shift
exec setpriv --reuid=54321 --regid=54321 --clear-groups sudo -n "$@"
"""
NEEDED = ("sudo", "unshare", "mount", "setpriv")

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not all(map(shutil.which, NEEDED)) or subprocess.run(
    ["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0,
    reason=f"needs root, mount namespaces and {', '.join(NEEDED)}")
Sudo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(open_folder: Path) -> Path:
    folder = open_folder / "home"
    folder.mkdir()
    (open_folder / "passwd").write_text(f"{PASSWD.read_text()}{USER}:*:{UID}:{UID}::{folder}:/bin/sh\n")
    sudoers = open_folder / "sudoers"
    sudoers.write_text(f"root ALL=(ALL) NOPASSWD: ALL\n{USER} ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    shutil.copy(TOUR, folder / "mine.pcap")
    for path in (folder, folder / "mine.pcap"):
        os.chown(path, UID, UID)
    (folder / "mine.pcap").chmod(0o600)
    return folder


@pytest.fixture
def sudo(home: Path) -> Sudo:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        own = [f"{name}={value}" for name, value in ENVIRONMENT.items() if name in ("PYTHONPATH", "PATH", "LANG")]
        return subprocess.run(["unshare", "-m", "sh", "-c", INSIDE, "sh", str(home.parent), "env", *own,
                               *COMMAND, *map(str, words)], env=ENVIRONMENT, text=True, capture_output=True,
                              timeout=60, check=False)

    return run


def test_what_is_kept_is_the_callers(home: Path, sudo: Sudo) -> None:
    for words in (("read", "mine.pcap", "--write", "out.pcapng"), ("export", "mine.pcap", "--har", "h.har"),
                  ("export", "mine.pcap", "--objects", "objects"), ("bundle", "make", "mine.pcap", "b"),
                  ("bundle", "redact", "b", "r", "--key", "key"), ("bundle", "verify", "r"), ("diff", "mine.pcap", "b"),
                  ("snapshot", "-i", "lo", "--duration", "2s", "--set", "history.on=true"),
                  ("record", "-i", "lo", "--output", "ring", "--ring", "2x1MB", "--duration", "1s"),
                  ("read", "--history"), ("forget", "--all")):
        done = sudo(*words)
        assert done.returncode == 0, (words, done.stderr)
    made = [home / name for name in ("out.pcapng", "h.har", "objects/index.ndjson", "b/manifest.json",
                                     "r/manifest.json", "key", "ring", ".local/state/netwatch/signing-key.pem",
                                     ".local/state/netwatch/moments.sqlite")]
    assert all(path.exists() for path in made)
    for path in home.rglob("*"):
        about = path.lstat()
        assert (about.st_uid, about.st_gid) == (UID, UID), path
        shared = path.name in (".local", "state")
        assert shared or not about.st_mode & 0o077, f"{path}: {about.st_mode:o}"


def test_nothing_of_roots_is_written_or_opened_for_them(home: Path, sudo: Sudo) -> None:
    roots = home.parent / "roots"
    roots.mkdir()
    assert sudo("bundle", "make", "mine.pcap", "b").returncode == 0
    shutil.copytree(home / "b", roots / "b")
    for path in roots.rglob("*"):
        os.chown(path, 0, 0)
    there = sorted(roots.rglob("*"))
    (home / "link.pcapng").symlink_to(roots / "new.pcapng")
    for words in (("read", "mine.pcap", "--write", roots / "w.pcapng"), ("export", "mine.pcap", "--har", roots / "h"),
                  ("export", "mine.pcap", "--objects", roots / "o"), ("bundle", "make", "mine.pcap", roots / "c"),
                  ("bundle", "redact", "b", roots / "r"), ("bundle", "redact", "b", "r", "--key", roots / "key"),
                  ("record", "-i", "lo", "--output", roots / "ring", "--ring", "2x1MB", "--duration", "1s"),
                  ("bundle", "verify", roots / "b"), ("bundle", "info", roots / "b"), ("diff", roots / "b", "b"),
                  ("open", roots / "b")):
        done = sudo(*words)
        assert done.returncode == 3 and "Permission denied" in done.stderr, (words, done.returncode, done.stderr)
    assert sudo("read", "mine.pcap", "--write", "link.pcapng").returncode == 2
    assert sorted(roots.rglob("*")) == there
