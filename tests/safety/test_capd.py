"""The capture helper: what it reaches, what it is asked, how it ends; and that the process beside it has no rights."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, until_inside

from netwatch._fast.input.source import SourceError
from netwatch.capture.capd import messages
from netwatch.capture.capd.client import GONE, Helper
from netwatch.capture.capd.guard import TRIES
from netwatch.capture.capd.messages import Answer, MessageError, Question
from netwatch.model import machine as words
from netwatch.model.host import Unavailable
from netwatch.model.probe import Reply

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="captures, on Linux")
PARSERS = ("netwatch._fast.parse", "netwatch._fast.engine", "netwatch._fast.flows", "netwatch._fast.streams",
           "netwatch._fast.dpi", "netwatch._fast.proto", "netwatch._fast.look", "netwatch.decrypt", "netwatch.dissect",
           "netwatch.filter", "netwatch.plugins", "netwatch.run", "netwatch.ui")


def test_it_imports_no_parser():
    code = ("import sys\nimport netwatch.capture.capd.helper\nfrom netwatch.platform.host import ThisMachine\n"
            "host = ThisMachine()\nhost.find_owners()\nhost.links()\nhost.close()\nprint(*sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    loaded = done.stdout.split()
    assert "netwatch._fast.input.ring" in loaded, done.stderr
    assert [name for name in loaded if name.startswith(PARSERS)] == []


@pytest.fixture
def helper() -> Iterator[Helper]:
    made = Helper()
    yield made
    made.close()
    assert made._guard.poll() is not None, "the helper outlives its line"


def sent(port: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for number in range(count):
            out.sendto(b"%06d" % number + bytes(number % 900), ("127.0.0.1", port))


def frames_of(source, count: int, seconds: float = 10) -> list[bytes]:
    found: list[bytes] = []
    until = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < until:
        rows = source.batch()
        if rows == []:
            break
        found += [row[6] for row in rows or ()]
    return found


def test_frames_come_whole_and_in_order(helper):
    """More than the ring has chunks for, so that it goes round."""
    source = helper.open(["lo"], "udp dst port 40777", 262144, 64)
    found: list[bytes] = []
    for _ in range(40):
        sent(40777, 500)
        found += frames_of(source, 500)
    assert len(found) == 20_000
    assert [frame[42:48] for frame in found] == [b"%06d" % (k % 500) for k in range(20_000)]
    assert all(len(frame) == 48 + int(frame[42:48]) % 900 for frame in found)
    stats = source.stats()
    assert stats["received"] == 20_000 and stats["interfaces"]["lo"]["kernel_drops"] == 0
    source.close()


def test_what_there_is_no_room_for_is_counted(helper):
    """Nobody empties the ring; the kernel's, of 1 MB, fills up."""
    source = helper.open(["lo"], "udp dst port 40778", 262144, 1)
    seen, total = 0, 150_000
    sent(40778, total)
    time.sleep(1)
    while rows := source.batch():
        seen += len(rows)
    time.sleep(0.7)
    drops = source.stats()["kernel_drops"]
    assert 0 < seen < total and drops > 0
    assert drops >= total - seen, "of what was sent some is neither seen nor counted (a loopback counts each twice)"
    source.close()


@pytest.mark.parametrize(("names", "text", "code", "said"), [
    (["no-such"], "", 4, "no interface is called no-such"), (["lo"], "port http http", 2, "capture filter"),
    ([], "", 2, "between 1"),
])
def test_errors_of_opening_are_those_of_the_source(helper, names, text, code, said):
    with pytest.raises(SourceError, match=said) as raised:
        helper.open(names, text, 262144, 64)
    assert raised.value.exit_code == code


def test_its_end_is_the_end_of_the_capture(helper):
    source = helper.open(["lo"], "", 262144, 4)
    first = helper.pid
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    while source.batch() != []:
        assert time.monotonic() - began < 2
    assert source.damaged and source.error == GONE
    assert helper.links() and helper.pid != first and helper.restarts == 1, "another is there"
    source.close()


def test_silence_is_no_hang(helper, monkeypatch):
    from netwatch.capture.capd import client

    assert helper.addresses()
    monkeypatch.setattr(client, "PATIENCE_S", 0.2)
    os.kill(helper.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(100):
            with pytest.raises(Unavailable, match="does not answer"):
                helper.links()
        assert time.monotonic() - began < 5, "every question waits"
    finally:
        os.kill(helper.pid, signal.SIGCONT)
    until = time.monotonic() + 5
    while True:
        try:
            assert helper.links()[0].name
            break
        except Unavailable:
            assert time.monotonic() < until, "what came too late is not passed over"
            time.sleep(0.1)


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("jailed", [False, True])
def test_it_ends_with_who_started_it(jailed, stopped):
    """Also from within the jail, which keeps the kernel's own signal back, and though somebody has stopped it."""
    code = ("import os\nfrom netwatch.capture.capd.client import Helper\nh = Helper()\nh.addresses()\n"
            "print(h._guard.pid, h.pid, flush=True)\n")
    code += f"os.kill(h.pid, {signal.SIGSTOP:d})\n" if stopped else ""
    code += ("from netwatch.platform.jail import enter\nfrom netwatch.platform.walls import Grants\n"
             "enter('on', Grants([], []))\n") if jailed else ""
    code += "os.kill(os.getpid(), 9)\n"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 10
    for pid in map(int, done.stdout.split()):
        while (state := state_of(pid)) not in ("", "Z"):
            assert time.monotonic() < until, state
            time.sleep(0.02)


def state_of(pid: int) -> str:
    """A letter, as in proc(5); none of a process that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_one_that_is_killed_is_started_again_some_times(helper):
    for number in range(TRIES):
        helper.find_owners(behind=True)
        os.kill(helper.pid, signal.SIGKILL)
        with pytest.raises(Unavailable, match="has ended"):
            while True:
                helper.links()
        assert helper.links() and helper.restarts == number + 1
        assert helper.owners.status(), "owners are looked for again"
    assert len(helper._past) == TRIES
    os.kill(helper.pid, signal.SIGKILL)
    for _ in range(3):
        with pytest.raises(Unavailable, match="start netwatch anew"):
            while True:
                helper.links()
    with pytest.raises(SourceError, match="start netwatch anew"):
        helper.open(["lo"], "", 262144, 4)


def test_one_that_stands_still_is_ended_and_said():
    made = Helper()
    made.addresses()
    pid = made.pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match="stood still"):
        made.close()
    assert state_of(pid) == ""


def test_answers_are_those_of_the_machine(helper):
    from netwatch.platform.host import ThisMachine

    here = ThisMachine()
    for name in ("links", "routes", "addresses", "nameservers"):
        assert getattr(helper, name)() == getattr(here, name)()
    assert [each.name for each in helper.counters()] == [each.name for each in here.counters()]
    assert helper.cpu_seconds(os.getpid()) > 0


def test_owners_are_found_through_it(helper):
    helper.find_owners()
    assert helper.owners.ready and any(status.active for status in helper.owners.status())
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        source = ("tcp", "127.0.0.1", ours.getsockname()[1], "127.0.0.1", server.getsockname()[1])
        when, until = time.time_ns(), time.monotonic() + 5
        while not isinstance(owner := helper.owners.of_flow(*source, when), words.Owner) and time.monotonic() < until:
            time.sleep(0.05)
        nobodys = ("udp", b"\xc6\x33\x64\x41", 9, b"\xc6\x33\x64\x42", 9, when, 0)
        many = helper.owners.of_flows([nobodys, (*source, when, 0)] * 100)
    assert isinstance(owner, words.Owner) and owner.process.pid == os.getpid()
    assert len(many) == 200 and all(isinstance(each, words.Unknown) and each.far for each in many[::2])
    assert {each.process.pid for each in many[1::2]} == {os.getpid()}


def test_new_files_are_new_and_ours(helper, tmp_path):
    """It makes them where netwatch was started: here, in the folder of the checkout."""
    name = f"netwatch-test-{os.getpid()}.txt"
    try:
        fd = helper.new_file(name)
        os.write(fd, b"kept")
        os.close(fd)
        assert Path(name).read_text() == "kept" and Path(name).stat().st_mode & 0o777 == 0o600
        with pytest.raises(FileExistsError):
            helper.new_file(name)
        for other in ("../netwatch-x.txt", "/tmp/netwatch-x.txt", "passwd", "netwatch-x.py", "netwatch-\n.txt"):
            with pytest.raises(OSError, match="not a name"):
                helper.new_file(other)
    finally:
        Path(name).unlink()


VALUES = [None, True, 1, -1.5, "text\u20ac", b"\0\xff", [1, [2]], (1, (2, b"x")), frozenset({b"a"}), {"a": {"b": (1,)}},
          words.Unknown("why", True), words.Route(b"\0" * 4, 0, b"\1\2\3\4", "eth0"),
          words.Owner(words.Process(1, "x", parents=((1, "init"),)), "ebpf", "exact", 0.5, (2, 3)),
          words.KernelDrop("no_socket", "nobody", 3, 17, 9, 1, words.Owner(words.Process(1), "ebpf", "port", 0.5)),
          (Reply(1, "answer", b"\1\2\3\4", 12.5), Reply(2, "silent")), messages.NAMED["RegistryAnswer"]("iana", b"\0"),
          [words.Link("lo", addresses=((b"\x7f\0\0\1", 8),))], words.Status("m", False, details={"n": 1})]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_come_back_as_they_were(value):
    parts = messages.answer_parts(Answer(7, "is", value))
    assert messages.answer(b"".join(part[1:] for part in parts)) == Answer(7, "is", value)


def test_long_answers_come_in_parts_and_too_long_ones_not_at_all():
    parts = messages.answer_parts(Answer(1, "is", "x" * 200_000))
    assert [part[:1] for part in parts] == [b"+", b"+", b"+", b"."] and max(map(len, parts)) <= messages.PART + 1
    assert messages.answer(messages.answer_parts(Answer(1, "is", "x" * (17 << 20)))[0][1:]).kind == "unavailable"


@pytest.mark.parametrize("data", [
    b"", b"[]", b"{}", b"[1,2,3]", b'[1,"links",[1]]', b'[1,"no such",[]]', b'[1,"__init__",[]]',
    b'[1,"cpu_seconds",["1"]]', b'[1,"ask_registry",["iana"]]', b'[1,"begin_trace",[1]]', b'[1,"cpu_seconds",[true]]',
    b'[1,"of_flows",[[]]]', b'[1,"of_flows",[{"t":[{"t":[6,"a",1,"b",2,3,"4"]}]}]]',
    b'[1,"of_flows",[{"t":[' + b",".join([b'{"t":[6,"a",1,"b",2,3,4]}'] * 129) + b']}]]',
    b'[1,"open",[["lo",1],"",1,1,false]]', b'["1","links",[]]', b"[" * 60_000,
    b'[1,"cpu_seconds",[{"c":"Popen","v":[]}]]', b'[1,"cpu_seconds",[{"b":"zz"}]]', b'[1,"cpu_seconds",[{"t":3}]]',
    b'[1,"cpu_seconds",' + b'[' * 50 + b']' * 50 + b"]", b"\xff\xfe", b'[1,"cpu_seconds",[{"b":1,"c":2,"d":3}]]',
])
def test_what_is_no_question_is_refused(data):
    with pytest.raises(MessageError):
        messages.question(data)


def test_mutants_of_messages_raise_nothing_else():
    made = [messages.ask(Question(3, "of_flow", ["tcp", b"\x7f\0\0\1", 1, b"\x7f\0\0\1", 2, 0, 0])),
            messages.ask(Question(4, "open", [["lo", "any"], "tcp", 64, 1, True])), messages.ask(Question(
                6, "ask_registry", ["iana", "8.8.8.8"])), messages.ask(Question(7, "begin_trace", ["10.0.0.1"])),
            messages.ask(Question(5, "of_flows", [((6, b"\1\2\3\4", 1, b"\1\2\3\5", 2, 3, 4),) * 2])),
            *(messages.answer_parts(Answer(1, "is", value))[0][1:] for value in VALUES)]
    chance = random.Random(5)
    for _ in range(20_000):
        data = bytearray(chance.choice(made))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            some = chance.choices(b'[]{}",:btscdv0129-.e\\\xff', k=chance.randint(0, 3))
            data[at:at + chance.randint(0, 3)] = bytes(some)
        for read in (messages.question, messages.answer):
            try:
                read(bytes(data))
            except MessageError:
                continue


def test_who_sends_nonsense_is_left(helper):
    os.write(helper._line.fileno(), b"nonsense")
    assert helper._guard.wait(5) == 0
    with pytest.raises(Unavailable, match="has ended"):
        helper.links()


def test_a_live_reading_has_no_rights_and_its_helper_has_them():
    process = subprocess.Popen([*COMMAND, "read", "-i", "lo", "--duration", "3s", "--what", "flows,summary",
                                "--sandbox", "strict", "--where", "port == 40779"], env=ENVIRONMENT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until_inside(process)
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        said = dict(line.split(":\t") for line in (task / "status").read_text().splitlines() if ":\t" in line)
        assert int(said["CapPrm"], 16) == int(said["CapEff"], 16) == 0
        assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
    (guard,) = children = children_of(process.pid)
    children += children_of(guard)
    assert [Path(f"/proc/{pid}/comm").read_text() for pid in children] == ["netwatch-guard\n", "netwatch-capd\n"]
    for pid in children:
        said = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
        assert said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
    sent(40779, 50)
    out, said = process.communicate(timeout=30)
    records = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0 and len(records) == 2
    assert all(line.startswith("netwatch: owners of flows: by ") for line in said.splitlines())
    assert records[0]["packets_out"] == 50 and records[0]["process"]["pid"] == os.getpid()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_helper_that_is_killed_is_said():
    process = subprocess.Popen([*COMMAND, "read", "-i", "lo", "--duration", "20s", "--what", "summary"], text=True,
                               env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until_inside(process)
    (guard,) = children_of(process.pid)
    sent(40780, 10)
    time.sleep(0.5)
    os.kill(children_of(guard)[0], signal.SIGKILL)
    out, said = process.communicate(timeout=10)
    assert process.returncode == 5 and GONE in said
    assert json.loads(out)["packets"] >= 10, "what came before is told"


@pytest.mark.parametrize("sudo", [False, True])
@pytest.mark.parametrize("live", [True, False])
def test_the_terminal_is_inside_and_still_saves(open_folder, live, sudo):
    """Of a file and live, as root and for a caller by sudo: no thread has rights; the helper makes what is saved."""
    from netwatch_terminal import Terminal

    open_folder.chmod(0o1777)
    shown = ("-i", "lo") if live else ("-r", str(ROOT / "tests" / "captures" / "https2.pcap"))
    caller = {"SUDO_UID": "65534"} if sudo else {}
    with Terminal(*shown, "--sandbox", "strict", "--tab", "packets", folder=open_folder, **caller) as terminal:
        terminal.read(30, until=b"Packets")
        sent(40781, 20)
        terminal.read(3)
        for task in Path(f"/proc/{terminal.process.pid}/task").iterdir():
            said = dict(line.split(":\t") for line in (task / "status").read_text().splitlines() if ":\t" in line)
            assert int(said["CapPrm"], 16) == 0 and said["NoNewPrivs"] == "1" and said["Seccomp"] == "2"
            assert said["Uid"].split() == ["65534" if sudo else "0"] * 4
        terminal.send("w")
        assert b"frames written" in terminal.read(40, until=b"frames written")
        (saved,) = open_folder.glob("netwatch-*.pcapng")
        assert saved.stat().st_size > 500 and saved.stat().st_mode & 0o777 == 0o600
        assert saved.stat().st_uid == (65534 if sudo else 0)
        terminal.send("q")
        assert terminal.process.wait(10) == 0


@pytest.mark.parametrize("sudo", [False, True])
def test_the_terminal_goes_on_with_another_helper(tmp_path, sudo):
    """Its helper is killed: that is shown, in every tab it lives, and what is captured next is there. At last it says
    that it is to be started anew."""
    from netwatch_terminal import Terminal

    caller = {"SUDO_UID": "65534"} if sudo else {}
    with Terminal("-i", "lo", "--tab", "interfaces", folder=tmp_path, **caller) as terminal:
        until_inside(terminal.process)
        terminal.read(2)
        (guard,) = children_of(terminal.process.pid)
        killed: set[int] = set()
        said = b""
        for number in range(TRIES + 1):
            (helper,) = children_of(guard)
            os.kill(helper, signal.SIGKILL)
            killed.add(helper)
            if not number:
                said = terminal.read(20, until=b"netwatch-capd")
                assert b"netwatch-capd" in said
            deadline = time.monotonic() + 20
            while number < TRIES and time.monotonic() < deadline and not set(children_of(guard)) - killed:
                terminal.read(0.2)
            said = terminal.read(1)
            assert terminal.process.poll() is None
        assert b"anew" in said or b"anew" in terminal.read(20, until=b"anew")
        for key in "123456789":
            terminal.send(key)
            terminal.read(0.5)
        terminal.send("q")
        assert terminal.process.wait(20) == 0
