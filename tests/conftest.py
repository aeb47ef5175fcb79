"""What all tests share: the command as a subprocess, and the captures beside the checkout, when they are there."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run, run_forked

os.environ["XDG_CONFIG_HOME"] = ENVIRONMENT["XDG_CONFIG_HOME"] = str(ROOT / "tests" / "no-such-folder")  # not yours


def state_of_its_own() -> str:
    """A new folder for what is kept, of somebody who has seen the card of the first start."""
    folder = tempfile.mkdtemp(prefix="netwatch-test-state-")
    (Path(folder) / "netwatch").mkdir(mode=0o700)
    (Path(folder) / "netwatch" / "welcomed").touch(mode=0o600)
    return folder


os.environ["XDG_STATE_HOME"] = ENVIRONMENT["XDG_STATE_HOME"] = state_of_its_own()
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:  # of what & or nohup starts: tests' programs would ignore it too
        signal.signal(number, usual)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out the files that tests/slow.txt lists")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    left_out = config.getoption("--quick") and collection_path in SLOW
    return True if left_out else None


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into. pytest shuts those above tmp_path whenever another run of it begins."""
    with tempfile.TemporaryDirectory(prefix="netwatch-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


LISTED = ROOT / "tests" / "slow.txt"
SLOW = {ROOT / line for line in LISTED.read_text().split()} if LISTED.exists() else set()  # not in every copy
SHARED = Path(os.environ.get("NETWATCH_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared`: $NETWATCH_SHARED, else beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: set NETWATCH_SHARED to the folder of captures")
    return SHARED


@pytest.fixture(scope="module", autouse=True)
def own_state() -> Iterator[None]:
    """What tests of one file acknowledge, mute and remember is not there for those of the next."""
    before = os.environ["XDG_STATE_HOME"]
    folder = state_of_its_own()
    os.environ["XDG_STATE_HOME"] = ENVIRONMENT["XDG_STATE_HOME"] = folder
    yield
    os.environ["XDG_STATE_HOME"] = ENVIRONMENT["XDG_STATE_HOME"] = before
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def netwatch(tmp_path: Path) -> Run:
    """Run netwatch in an empty folder. Whatever it is given, it may fail only with words, never with a traceback. With
    options of subprocess.run() that is in an interpreter of its own."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        words = [*map(str, arguments)]
        if options:
            settings = {"cwd": tmp_path, "env": ENVIRONMENT, "stdin": subprocess.DEVNULL, "timeout": 60, **options}
            done = subprocess.run([*COMMAND, *words], text=True, capture_output=True, **settings)  # type: ignore[call-overload]
        else:
            done = run_forked(words, tmp_path)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode not in (1, 70), done.stderr
        return done  # type: ignore[no-any-return]

    return run


@pytest.fixture
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No table that only some machines have: records must be the same everywhere."""
    from netwatch.names import ports, vendors

    empty = vendors.Vendors(tmp_path / "none")
    monkeypatch.setattr(vendors, "table", lambda: empty)
    monkeypatch.setattr(ports, "local_file", lambda: str(tmp_path / "none"))
    monkeypatch.setenv("NETWATCH_GEOIP", "")
    vendors.vendor_of.cache_clear()
    yield
    vendors.vendor_of.cache_clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name those of the marker `same` that failed, for .ci/run; and say that there is more than what --quick ran."""
    if terminalreporter.config.getoption("--quick"):
        terminalreporter.write_line(f"left out: {len(SLOW)} files that take longer; ./test.sh --all runs them, too")
    for report in terminalreporter.stats.get("failed", []):
        if "same" in report.keywords:
            terminalreporter.write_line(f"NOT THE SAME {report.nodeid}")
