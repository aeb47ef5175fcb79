"""`read --each` and `--scheduler`: many captures, each by itself, here or on a Dask cluster, with the same answer."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

from netwatch.cli import each, single_file

CAPTURES = [ROOT / "tests" / "captures" / f"{name}.pcap" for name in ("https2", "dns_odd", "ftp", "tftp")]
CAPTURES = [path for path in CAPTURES if path.exists()] + [ROOT / "docs" / "tour.pcap"]
KINDS = "flows,dns,http,tls,streams,events,alerts,findings"
TRUSTED = ["--trust-scheduler", "--scheduler"]
AS_ROOT = sys.platform == "linux" and os.geteuid() == 0


def test_each_file_is_read_by_itself(netwatch: Run) -> None:
    """What is said of it is what is said of it alone, but for its name."""
    done = netwatch("read", "--each", *CAPTURES, "--what", KINDS)
    assert (done.returncode, done.stderr) == (0, "")
    apart = []
    for path in CAPTURES:
        lines = netwatch("read", path, "--what", KINDS).stdout.splitlines()
        apart += [(str(path), json.loads(line)) for line in lines]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record.pop("file") for record in found] == [path for path, _ in apart]
    assert found == [record for _, record in apart]
    assert len({record["schema"] for record in found}) >= 7


@pytest.mark.parametrize("kind", ["packets", "summary", "hosts", "processes"])
def test_every_kind_of_record_names_its_file(netwatch: Run, kind: str) -> None:
    done = netwatch("read", "--each", *CAPTURES, "--what", kind)
    files = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert list(dict.fromkeys(files)) == [str(path) for path in CAPTURES if kind != "processes" or str(path) in files]
    assert files


def test_who_wants_to_hear_more_does(netwatch: Run) -> None:
    quiet, more = (netwatch("read", "--each", CAPTURES[-1], *words).stderr for words in ((), ("-v",)))
    assert not quiet and more == netwatch("read", CAPTURES[-1], "-v").stderr != ""


@pytest.mark.parametrize("workers", [2, 5])
@pytest.mark.same
def test_workers_change_nothing(netwatch: Run, workers: int) -> None:
    words = ("read", "--each", *CAPTURES, "--what", KINDS, "--where", "bytes > 100 or dns", "--flat",
             "--set", "timeouts.udp=3", "--set", "lists.a=192.0.2.1,192.0.2.2")
    assert netwatch(*words).stdout == netwatch(*words, "--workers", workers).stdout != ""


def test_one_that_is_damaged_does_not_end_it(netwatch: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(CAPTURES[-1].read_bytes()[:3000])
    done = netwatch("read", "--each", cut, CAPTURES[-1], "--fields", "id,file")
    assert done.returncode == 5
    assert "cut short" in done.stderr
    assert {json.loads(line)["file"] for line in done.stdout.splitlines()} == {str(cut), str(CAPTURES[-1])}


@pytest.mark.parametrize(("words", "code", "said"), [
    (["none.pcap"], 4, "no such file"), (["TOUR", "--sort", "bytes"], 2, "do not go together"),
    (["TOUR", "--format", "csv"], 2, "prints ndjson"), (["TOUR", "-"], 2, "reads files"),
    (["TOUR", "--where", "byts > 1"], 2, "did you mean"), (["TOUR", "--what", "nothing"], 2, "no such kind"),
    (["TOUR", "--write", "x.pcapng"], 2, "do not go together"),
    (["TOUR", *TRUSTED, "nonsense"], 2, "tcp://HOST:PORT"),
])
def test_what_is_refused(netwatch: Run, words: list[str], code: int, said: str) -> None:
    files = [str(CAPTURES[-1]) if word == "TOUR" else word for word in words]
    done = netwatch("read", "--each", str(CAPTURES[-1]), *files)
    assert done.returncode == code
    assert said in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="children are killed with who started them on Linux")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(tmp_path: Path, number: int) -> None:
    """Neither a child nor a file, when it is ended while they read."""
    pipe, folder = tmp_path / "pipe.pcap", tmp_path / "tmp"
    os.mkfifo(pipe)
    folder.mkdir()
    process = subprocess.Popen([*COMMAND, "read", "--each", pipe, pipe, "--workers", "2"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**ENVIRONMENT, "TMPDIR": str(folder)})
    ends = time.monotonic() + 30
    children: list[psutil.Process] = []
    while len(children) < 2:
        assert time.monotonic() < ends
        time.sleep(0.05)
        with contextlib.suppress(psutil.Error):
            children = [each for each in psutil.Process(process.pid).children() if str(pipe) in each.cmdline()]
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert not psutil.wait_procs(children, timeout=20)[1]
    assert not list(folder.iterdir())


@pytest.mark.same
def test_answers_that_wait_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not next wait for room, and the answers are the same."""
    files = [str(CAPTURES[i % len(CAPTURES)]) for i in range(6)]

    def answers() -> tuple[list[single_file.Answer], int]:
        most, hold = 0, single_file.Readers.hold

        def held(readers: single_file.Readers, number: int, size: int) -> None:
            nonlocal most
            hold(readers, number, size)
            most = max(most, readers._held)

        monkeypatch.setattr(single_file.Readers, "hold", held)
        found = list(each._side_by_side(files, ["--each", "--what", "packets"], 3))
        monkeypatch.setattr(single_file.Readers, "hold", hold)
        return found, most

    free = [answers() for _ in range(3)]           # how much waits hangs on which is read first
    monkeypatch.setattr(single_file, "ALL_MOST", 1)
    bound = [answers() for _ in range(3)]
    assert all(found == free[0][0] for found, _ in free + bound)
    assert min(held for _, held in bound) < max(held for _, held in free)


def test_what_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_file, "MOST", 100)
    code, said, found = single_file.answer_of(["--each", str(CAPTURES[-1])])
    assert (code, found) == (69, b"")
    assert "too large" in said


@pytest.mark.skipif(sys.platform == "win32", reason="there is no root")
@pytest.mark.parametrize("ids", [(0, 0), (1000, 0), (0, 1000), (1000, 1000)])
def test_root_trusts_no_scheduler(monkeypatch: pytest.MonkeyPatch, ids: tuple[int, int]) -> None:
    """What comes from it is unpickled: it is refused before anything is connected, unless a word allows it."""
    from netwatch.cli.errors import EXIT_PERMISSION, CommandError
    from netwatch.cli.readoptions import build_parser, check

    monkeypatch.setattr(os, "getuid", lambda: ids[0])
    monkeypatch.setattr(os, "geteuid", lambda: ids[1])
    words = ["--scheduler", "tcp://127.0.0.1:1", str(CAPTURES[-1])]
    if 0 in ids:
        with pytest.raises(CommandError, match=r"not for root.*--trust-scheduler") as told:
            check(build_parser().read(words))
        assert told.value.code == EXIT_PERMISSION
    check(build_parser().read([*words, *(["--trust-scheduler"] if 0 in ids else [])]))


def test_without_dask() -> None:
    code = "import sys; sys.modules['distributed'] = None; from netwatch.__main__ import main; " \
           f"sys.argv = ['netwatch', 'read', *{TRUSTED!r}, 'tcp://127.0.0.1:1', '{CAPTURES[-1]}']; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (69, "")
    assert "pip install 'netwatch[cluster]'" in done.stderr


class Dask:
    """A scheduler and its workers, processes of this machine on the loopback."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("distributed", reason="distributed is not installed")
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self.start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                   "--scheduler-file", folder / "scheduler.json")
        end = time.monotonic() + 60
        while not (folder / "scheduler.json").exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        self.address = json.loads((folder / "scheduler.json").read_text())["address"]

    def start(self, *words: object, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([*before, sys.executable, *map(str, words)], env=ENVIRONMENT, cwd=self._folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._started.append(process)
        return process

    def worker(self, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        return self.start("-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny",
                          "--no-dashboard", "--host", "127.0.0.1", before=before)

    def until(self, workers: int) -> None:
        """Wait for them."""
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def close(self) -> None:
        for process in reversed(self._started):
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    made = Dask(tmp_path)
    yield made
    made.close()


@pytest.mark.same
def test_a_cluster_answers_as_one_machine_does(dask: Dask, netwatch: Run, tmp_path: Path) -> None:
    """Two workers; settings of theirs and of the environment are not asked."""
    for _ in range(2):
        dask.worker()
    dask.until(2)
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(CAPTURES[-1].read_bytes()[:3000])
    for words in ([*CAPTURES, *CAPTURES[::-1], "--what", KINDS],
                  [*CAPTURES, "--where", "app == dns", "--fields", "id,src"],
                  [cut, *CAPTURES, "--what", "summary,packets", "--flat", "--set", "timeouts.udp=3"]):
        here = netwatch("read", "--each", *words, timeout=120)
        there = netwatch("read", *TRUSTED, dask.address, *words, timeout=120)
        assert (there.returncode, there.stderr) == (here.returncode, here.stderr)
        assert there.stdout == here.stdout != ""
    none = netwatch("read", *TRUSTED, dask.address, CAPTURES[0], tmp_path / "none.pcap", timeout=120)
    assert (none.returncode, none.stdout) == (4, "")
    assert "no worker may read it" in none.stderr


def test_a_worker_that_dies_is_made_up_for(dask: Dask, netwatch: Run, tmp_path: Path) -> None:
    """It is killed while it reads, which a pipe makes last as long as need be."""
    workers = [dask.worker() for _ in range(2)]
    dask.until(2)
    pipe, file = tmp_path / "pipe.pcap", CAPTURES[-1]
    os.mkfifo(pipe)
    reading = subprocess.Popen([*COMMAND, "read", *TRUSTED, dask.address, str(pipe), str(file)], env=ENVIRONMENT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = _busy(workers, pipe)
    child = psutil.Process(first.pid).children()[0]
    first.kill()
    child.kill()
    _busy([worker for worker in workers if worker is not first], pipe)
    pipe.write_bytes(file.read_bytes())
    told, said = reading.communicate(timeout=120)
    assert (reading.returncode, said) == (0, "")
    here = netwatch("read", "--each", file, file).stdout.splitlines()
    half = len(here) // 2
    assert told.splitlines() == [line.replace(str(file), str(pipe)) for line in here[:half]] + here[half:]


def _busy(workers: list[subprocess.Popen[bytes]], path: Path) -> subprocess.Popen[bytes]:
    """Wait for the one of them whose netwatch opens that file."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for worker in workers:
            with contextlib.suppress(psutil.Error):  # one that is over
                if any(str(path) in child.cmdline() for child in psutil.Process(worker.pid).children()):
                    return worker
        time.sleep(0.1)
    raise AssertionError("nobody reads it")


def test_when_all_workers_are_gone(dask: Dask, tmp_path: Path) -> None:
    worker = dask.worker()
    dask.until(1)
    pipe = tmp_path / "pipe.pcap"
    os.mkfifo(pipe)
    reading = subprocess.Popen([*COMMAND, "read", *TRUSTED, dask.address, str(pipe)], env=ENVIRONMENT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _busy([worker], pipe)
    child = psutil.Process(worker.pid).children()[0]
    worker.send_signal(signal.SIGKILL)
    child.kill()
    told, said = reading.communicate(timeout=120)
    assert (reading.returncode, told) == (69, "")
    assert "there are no workers" in said or "are gone" in said


@pytest.mark.skipif(not AS_ROOT, reason="a folder is hidden from one worker as root on Linux")
def test_a_file_that_one_worker_sees(dask: Dask, netwatch: Run, tmp_path: Path) -> None:
    """It is read by that one."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    path = hidden / "tour.pcap"
    dask.worker(before=("unshare", "-m", "sh", "-c", f'mount -t tmpfs none {hidden} && cp {CAPTURES[-1]} {path} && '
                        'exec "$@"', "sh"))
    dask.worker()
    dask.until(2)
    there = netwatch("read", *TRUSTED, dask.address, *[path] * 3, CAPTURES[0], timeout=120)
    assert (there.returncode, there.stderr) == (0, "")
    assert not path.exists(), "this process does not see it"
    path.write_bytes(CAPTURES[-1].read_bytes())
    assert there.stdout == netwatch("read", "--each", *[path] * 3, CAPTURES[0], timeout=120).stdout
