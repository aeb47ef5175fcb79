"""netwatch feed and attach: another machine's packets with their owners, over ssh or what stands in for it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from agentspace import Space, needs, until
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run
from netwatch_terminal import Terminal

from netwatch import read as read_capture
from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.capture.file import open_savefile
from netwatch.cli.attach import HOST, build_parser, command_of
from netwatch.cli.feed import without
from netwatch.export import evidence

TOUR = ROOT / "docs" / "tour.pcap"


def read(path: Path) -> list[dict[str, object]]:
    done = subprocess.run([*COMMAND, "read", str(path)], env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert done.returncode in (0, 5), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@needs("ip")
def test_feed_is_evidence_as_it_comes(space: Space, tmp_path: Path) -> None:
    """While it runs what was said is there, with owners; and at the end it is whole, nothing lost."""
    out = tmp_path / "fed.pcapng"
    command = shlex.join(map(str, [*COMMAND, "feed", "-i", "lo"]))
    feed = space.start("sh", "-c", f"exec {command} > {out}")
    until(lambda: out.exists() and out.stat().st_size > 100)
    space.talk(3)
    until(lambda: len([f for f in read(out) if f.get("app") == "http"]) == 3)
    feed.send_signal(signal.SIGINT)
    _, said = feed.communicate(timeout=30)
    assert feed.returncode == 130 and "lost: none" in said and "Traceback" not in said, said
    flows = [f for f in read(out) if f.get("app") == "http"]
    assert {f["process"]["name"][:6] for f in flows} == {"python"}  # type: ignore[index]


@needs("ip")
def test_feed_ends_when_nobody_reads(space: Space) -> None:
    feed = space.start(*COMMAND, "feed", "-i", "lo")
    assert feed.stdout is not None
    assert feed.stdout.buffer.read(4) == b"\n\r\r\n"
    feed.stdout.close()
    feed.stdout = None
    assert feed.wait(20) == 128 + signal.SIGPIPE
    assert feed.stderr is not None and "Traceback" not in feed.stderr.read()


def test_what_is_left_out() -> None:
    assert without("tcp", "") == "tcp"
    assert without("", "10.0.0.1 5000 10.0.0.2 22") == \
        "not (host 10.0.0.1 and host 10.0.0.2 and tcp port 5000 and tcp port 22)"
    assert without("udp or tcp", "fe80::1%eth0 5000 fe80::2 22").startswith("(udp or tcp) and not (host fe80::1 and")


@pytest.mark.parametrize("words", ["x", "1.2.3.4 5 6.7.8.9", "1.2.3.4 5 6.7.8.9 70000", "1.2.3.4 5 6.7.8.9 a",
                                   "1.2.3.4 5) or (tcp 6.7.8.9 7", ") 1 ) 1"])
def test_bad_connections(netwatch: Run, words: str) -> None:
    done = netwatch("feed", "-i", "lo", "--without", words)
    assert done.returncode == 2 and "--without" in done.stderr


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "a;b", "$(x)", "a'b", "a\nb", "", "u@-oX", "`x`", "a|b",
                                  "ssh://-x", "a@b@c", "a&b", "é"])
def test_hosts_that_are_none(netwatch: Run, host: str) -> None:
    assert netwatch("attach", host).returncode == 2
    assert not HOST.fullmatch(host)


@pytest.mark.parametrize("host", ["web1", "alice@web1.example.com", "ssh://bob@[2001:db8::1]:2222", "fe80::1%eth0"])
def test_hosts(host: str) -> None:
    assert HOST.fullmatch(host)


@pytest.mark.parametrize("hostile", ["$(touch owned)", "`touch owned`", "; touch owned", "'; touch owned; '",
                                     "\"; touch owned; \"", "| touch owned", "&& touch owned", "-oX", "*", "a b"])
def test_nothing_is_run_by_the_shell_there(tmp_path: Path, hostile: str) -> None:
    """What the shell makes of the command are the words that were meant, whatever stands in them."""
    (tmp_path / "sudo").write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    (tmp_path / "sudo").chmod(0o755)
    options = build_parser().parse_args(["web1", f"--interface={hostile}", f"--capture-filter={hostile}", "--sudo",
                                         f"--program={hostile}"])
    *_, there = command_of(options)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22; touch owned"}
    said = subprocess.run(["sh", "-c", there], cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
    assert said.split("\0") == ["-n", "--", hostile, "feed", "-i", hostile, "-f", hostile, "--without",
                                environment["SSH_CONNECTION"], ""]
    assert not (tmp_path / "owned").exists()


def pretend(folder: Path, script: str) -> dict[str, str]:
    """An environment in which this is ssh."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / "ssh").chmod(0o755)
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


@pytest.fixture
def fed(tmp_path: Path) -> Path:
    """What a feed would have said of an exchange that had an owner."""
    with read_capture([str(TOUR)]) as flows:
        owned = {**next(iter(flows)).as_dict(), "process": {"pid": 4711, "name": "distant-curl"}}
    source = open_savefile(str(TOUR))
    with CaptureWriter(str(tmp_path / "fed.pcapng")) as writer:
        writer.follow(source.interfaces)
        while rows := source.batch():
            for _, ns, _, size, interface, _, data in rows:
                writer.write(data, ns, size, interface, None, evidence.text(owned))
        writer.add_statistics(0, {"received": 50, "interface_drops": 1, "kernel_drops": 2, "ring_drops": 3})
    return tmp_path / "fed.pcapng"


def test_what_was_lost_there_is_known_here(fed: Path) -> None:
    source = open_savefile(str(fed))
    source.drain()
    assert [source.stats()[key] for key in ("interface_drops", "kernel_drops", "ring_drops")] == [1, 5, 0]


def test_shown_with_the_owners_there(fed: Path, tmp_path: Path) -> None:
    """Frames, owners, and that the connection has ended; then the exit code says so too."""
    said = "Connection to web1 closed by remote host."
    environment = pretend(tmp_path, f"cat {fed}; sleep 3; echo '{said}' >&2; exit 255")
    with Terminal("attach", "web1", "--", "--tab", "connections", folder=tmp_path, **environment) as terminal:
        seen = terminal.read(20, b"distant-")
        assert b"distant-" in seen, seen[-2000:]
        seen = terminal.read(20, b"the connection has ended")
        assert b"the connection has ended" in seen, seen[-2000:]
        terminal.send("q")
        told = terminal.read(10, b"closed by remote host.\r\n")
        assert terminal.process.wait(10) == 69 and b"web1: the connection has ended" in told


@pytest.mark.parametrize(("script", "code", "why"), [
    ("echo 'Permission denied (publickey).' >&2; exit 255", 69, b"Permission denied"),
    ("echo 'sh: 1: netwatch: not found' >&2; exit 127", 4, b"not found"),
    ("echo 'netwatch: eth9: no such interface' >&2; exit 4", 4, b"no such interface"),
    ("echo 'netwatch: no permission' >&2; exit 3", 3, b"no permission"),
    ("echo hello; exit 0", 69, b"web1: "),
    ("exec 1>&-; sleep 30", 69, b"web1: "),
    ("printf 'one\\n\\033[31mred\\n' >&2; exit 255", 69, b"\xef\xbf\xbd[31mred"),
])
def test_what_does_not_begin(tmp_path: Path, script: str, code: int, why: bytes) -> None:
    with Terminal("attach", "web1", folder=tmp_path, **pretend(tmp_path, script)) as terminal:
        assert terminal.process.wait(30) == code
        assert why in terminal.read(1)


def test_ssh_ends_with_us_though_we_are_killed(fed: Path, tmp_path: Path) -> None:
    environment = pretend(tmp_path, f"cat {fed}; echo $$ > {tmp_path / 'pid'}; exec sleep 60")
    with Terminal("attach", "web1", folder=tmp_path, **environment) as terminal:
        terminal.read(20, b"web1")
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip() != "")
        number = int((tmp_path / "pid").read_text())
        terminal.process.kill()
        terminal.process.wait()
        until(lambda: not alive(number), 10)


def alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_without_a_terminal(netwatch: Run) -> None:
    done = netwatch("attach", "web1", "-i", "eth0")
    assert done.returncode == 69
    assert "ssh -T -C" in done.stderr and "netwatch feed -i eth0" in done.stderr
    tables = netwatch("attach", "web1", "--tables")
    assert tables.returncode == 69
    assert tables.stderr.endswith("-- web1 'netwatch feed' | netwatch read -\n"), "it reads no tables"


@pytest.mark.parametrize(("words", "said"), [
    (["--", "--read", "x.pcap"], "no file is read"), (["--", "--promiscuous"], "--promiscuous is of a capture"),
    (["--tables", "--", "--keylog", "x"], "attach without --tables"), (["--", "--nonsense"], "--nonsense"),
    (["--tables", "--", "--set", "flows.max=9000"], "--set flows.max has no effect")])
def test_what_cannot_be_meant_is_said_without_a_terminal_too(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch("attach", "web1", *words)
    assert done.returncode == 2
    assert said in done.stderr and "no terminal" not in done.stderr


CONFIG = """
Host web1
  HostName 127.0.0.1
  Port 2222
  User root
  IdentityFile {folder}/user
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {folder}/known
"""
SERVER = """
ListenAddress 127.0.0.1:2222
HostKey {folder}/host
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
AuthorizedKeysFile {folder}/user.pub
"""


@needs("ip", "sshd", "ssh", "ssh-keygen")
def test_over_ssh(space: Space, tmp_path: Path) -> None:
    """A real one, with keys of its own: the program that talks there is named here, and of its own packets none."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "sshd_config").write_text(SERVER.format(folder=tmp_path))
    (tmp_path / "there").write_text(f"#!/bin/sh\nexport PYTHONPATH={ROOT}\nexec {shlex.join(COMMAND)} \"$@\"\n")
    (tmp_path / "there").chmod(0o755)
    begin = f"mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f {tmp_path}/sshd_config"
    space.start("sh", "-c", begin)  # its mounts are its own
    until(lambda: "2222" in space.run("ss", "-ltn"), 10)
    environment = pretend(tmp_path, f'exec ip netns exec {space.name} {shutil.which("ssh")} -F {tmp_path}/config "$@"')
    words = ("attach", "web1", "-i", "lo", "--program", str(tmp_path / "there"), "--", "--tab", "connections")
    with Terminal(*words, folder=tmp_path, **environment) as terminal:
        seen = terminal.read(30, b"Connections")
        end = time.monotonic() + 30
        while not (b"www.lab.ex" in seen and b"python" in seen) and time.monotonic() < end:
            space.talk()
            seen += terminal.read(2)
        assert b"www.lab.ex" in seen and b"python" in seen, seen[-3000:]
        assert b"2222" not in seen
        for number in space.run("ip", "netns", "pids", space.name).split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one took others with it
                if Path(f"/proc/{number}/comm").read_text().startswith("sshd"):
                    os.kill(int(number), signal.SIGTERM)
        assert b"has ended" in terminal.read(20, b"has ended")
        terminal.send("q")
        assert terminal.process.wait(15) == 69
