"""What `netwatch doctor` says of the parts of an installation, and of netwatch itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from netwatch_command import COMMAND, ENVIRONMENT

from netwatch.cli.doctor import SECTIONS, parts

CHECKED = ("kernel", "helper", "packages", "files")


def told(*words: str, code: int = 0, **environment: str) -> dict:
    done = subprocess.run([*COMMAND, "doctor", *words, "--json"], env={**ENVIRONMENT, **environment}, text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == code, done.stderr
    found: dict = json.loads(done.stdout)
    return found


def test_every_part_is_looked_at_and_what_lacks_says_why():
    found = told()
    assert SECTIONS.keys() <= found.keys()
    names = {check["name"] for title in CHECKED for check in found[title]}
    assert {"netwatch-capd", "python-libpcap", "names/ja4.tsv"} <= names
    if sys.platform == "linux":
        assert {"landlock", "seccomp", "BTF", "cgroup2", "/proc", "sock_diag"} <= names
    for title in CHECKED:
        for check in found[title]:
            assert check["works"] or check["reason"], check
            assert "setcap" not in check.get("fix", "")


def test_what_is_missing_is_found(monkeypatch):
    monkeypatch.setattr(parts, "PACKAGES", {"no_such_module": ("nothing", "no nothing")})
    monkeypatch.setattr(parts, "FILES", {"names/none.tsv": "no names"})
    (package,), (file,) = parts.packages(), parts.files()
    assert not package["works"] and package["reason"] == "without it: no nothing"
    assert package["fix"].endswith("-m pip install nothing")
    assert not file["works"] and file["reason"] == "without it: no names"


def test_netwatch_itself_has_no_connections_and_closed_files(tmp_path):
    folders = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "s"),
               "XDG_DATA_HOME": str(tmp_path / "d")}
    own = tmp_path / "netwatch"
    own.mkdir(0o700)
    (own / "netwatch.toml").write_text("")
    (own / "netwatch.toml").chmod(0o600)
    found = told("--self", **folders)
    assert found["connections"] == []
    assert [each["path"] for each in found["files"] if each["exists"]] == [str(own), str(own / "netwatch.toml")]
    (own / "netwatch.toml").chmod(0o666)
    found = told("--self", code=1, **folders)
    assert [each["fix"] for each in found["files"] if "fix" in each] == [f"chmod go-w {own}/netwatch.toml"]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="capabilities of root, on Linux")
def test_it_tells_the_capabilities_of_both_processes():
    from netwatch.capture.capd.helper import KEPT

    ours, helpers = told("--self")["capabilities"]
    assert (ours["process"], helpers["process"]) == ("netwatch", "netwatch-capd")
    assert set(helpers["effective"]) == set(helpers["permitted"]) <= set(KEPT.values())
    assert helpers["inheritable"] == helpers["ambient"] == []
