"""Options of `read` and its sisters: where they may stand, which go together, what is written, how much is said."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import zstandard
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

from netwatch.cli import COMMANDS as COMMANDS_OF_ALL
from netwatch.store.compressing import Packing

TOUR = ROOT / "docs" / "tour.pcap"
COMMANDS = ("read", "show", "stats", "assert", "run", "devices", "fields", "protocols", "formats", "config", "doctor")


def test_options_stand_anywhere_and_files_too(netwatch: Run) -> None:
    wanted = netwatch("read", TOUR, TOUR, "--limit", 3, "--fields", "id,src").stdout
    for words in ([TOUR, "--limit", 3, TOUR, "--fields", "id,src"],
                  ["-r", TOUR, "--limit", 3, "--fields", "id,src", TOUR],
                  ["--fields", "id,src", "-r", TOUR, "--read", TOUR, "--limit", 3]):
        assert netwatch("read", *words).stdout == wanted
    assert netwatch("assert", "id > 0", TOUR, "--limit", 1, "-r", TOUR).returncode == 0
    assert netwatch("stats", "io", "-r", TOUR, "-Y", "tcp").stdout == netwatch(
        "stats", "io", TOUR, "--where", "tcp").stdout


def test_standard_input_by_r(netwatch: Run) -> None:
    done = subprocess.run([*COMMAND, "read", "-r", "-"], stdin=TOUR.open("rb"), env=ENVIRONMENT, capture_output=True,
                          text=True, timeout=60, check=True)
    assert done.stdout == netwatch("read", TOUR).stdout


@pytest.mark.parametrize("words", [
    ["read", "--limit", "2"], ["stats", "io"], ["show", "--frame", "1"], ["hosts"], ["diagnose"], ["usage"],
    ["assert", "bytes > 0"], ["export", "--curl"], ["sql", "SELECT count(*) FROM flows"], ["diff", str(TOUR)], [],
    ["egress", "promote", "--dry-run", "--policy", "p.toml"]], ids=" ".join)
def test_what_stands_behind_two_dashes_is_no_option(netwatch: Run, tmp_path: Path, words: list[str]) -> None:
    """A file may begin with a dash; every command that takes files has it, and an option's name is a file there."""
    (tmp_path / "-r.pcap").write_bytes(TOUR.read_bytes())
    (tmp_path / "--help").write_bytes(TOUR.read_bytes())
    for name in ("-r.pcap", "--help"):
        if not words:
            assert "no terminal here" in netwatch("--", name).stderr  # the terminal would show it
            continue
        done = netwatch(*words, "--", name)
        assert (done.returncode, done.stderr) == (0, "")
        there = netwatch(*words, f"./{name}").stdout
        assert done.stdout == there.replace(f"./{name}", name)
    assert netwatch(*words, "--", "-none.pcap").stderr.endswith("-none.pcap: no such file\n") or not words


def test_a_bundle_of_files_that_begin_with_a_dash(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "-r.pcap").write_bytes(TOUR.read_bytes())
    assert netwatch("bundle", "make", "--", "-r.pcap", "-out").returncode == 0
    assert netwatch("bundle", "verify", "--", "-out").returncode == 0


def test_options_between_two_files(netwatch: Run) -> None:
    for words in (["diff"], ["diagnose"], ["usage"], ["read"]):
        assert netwatch(*words, TOUR, "--format", "json", TOUR).stdout == netwatch(
            *words, "--format", "json", TOUR, TOUR).stdout != ""


def test_short_forms_are_those_of_the_field(netwatch: Run, tmp_path: Path) -> None:
    assert netwatch("read", TOUR, "-Y", "udp").stdout == netwatch("read", TOUR, "--where", "udp").stdout != ""
    netwatch("read", TOUR, "-Y", "udp", "-w", tmp_path / "a.pcapng")
    netwatch("read", TOUR, "--where", "udp", "--write", tmp_path / "b.pcapng")
    assert (tmp_path / "a.pcapng").read_bytes() == (tmp_path / "b.pcapng").read_bytes() != b""


@pytest.mark.parametrize(("words", "said"), [
    (["--force"], "--force goes with --write"), (["--follow-as", "hex"], "--follow-as goes with --follow"),
    (["--follow-as", "text"], "goes with --follow"), (["--stream-limit", "65536"], "goes with --what streams"),
    (["--follow", "6", "--stream-limit", "5"], "goes with --what streams"),
    (["--flat", "--format", "csv"], "goes with"),
    (["--flat", "--format", "table"], "goes with --format json"),
    (["--wide", "--format", "csv"], "goes with --format table"),
    (["--what", "summary", "--limit", "0"], "one record"), (["--what", "summary", "--flat"], "one record"),
    (["-w", "a.pcapng", "--write", "b.pcapng"], "--write is given twice"), (["-q", "-v"], "not allowed with"),
    (["--exit-status"], "goes with --where"), (["--duration", "3s"], "go with -i"),
    (["--sort", "bytess", "-Y", "tcp"], "did you mean bytes"), (["--no-such"], "no such option"),
])
def test_no_option_is_without_effect(netwatch: Run, tmp_path: Path, words: list[str], said: str) -> None:
    done = netwatch("read", TOUR, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("path", "code", "said"), [
    ("there.pcapng", 2, "File exists; --force replaces it"), ("none/x.pcapng", 4, "No such file"),
    ("there.pcapng/x", 4, "Not a directory"), ("x.pcapng.xz", 2, "by gzip or zstd"), ("-", 2, "name one"),
])
def test_what_cannot_be_written(netwatch: Run, tmp_path: Path, path: str, code: int, said: str) -> None:
    (tmp_path / "there.pcapng").write_text("old")
    done = netwatch("read", TOUR, "--write", path)
    assert (done.returncode, done.stdout) == (code, "")
    assert f"--write {path}: " in done.stderr and said in done.stderr
    assert (tmp_path / "there.pcapng").read_text() == "old"


@pytest.mark.parametrize("form", [".pcapng", ".pcap"])
@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_the_name_says_how_it_is_packed(netwatch: Run, tmp_path: Path, form: str, packed: str) -> None:
    """The same as without, and nothing is there of what could not be written."""
    for name in (f"a{form}", f"b{form}{packed}"):
        assert netwatch("read", TOUR, "-Y", "tcp", "-w", tmp_path / name).returncode == 0
    data = (tmp_path / f"b{form}{packed}").read_bytes()
    plain = gzip.decompress(data) if packed == ".gz" else zstandard.ZstdDecompressor().decompressobj().decompress(data)
    assert plain == (tmp_path / f"a{form}").read_bytes()
    shown = [netwatch("read", tmp_path / name, "--what", "packets").stdout for name in (f"a{form}", f"b{form}{packed}")]
    assert shown[0] == shown[1] != ""
    done = netwatch("read", TOUR, "-w", tmp_path / f"b{form}{packed}")
    assert done.returncode == 2
    assert (tmp_path / f"b{form}{packed}").read_bytes() == data


@pytest.mark.parametrize("name", ["x.pcapng", "x.pcap.gz", "x.pcapng.gz", "x.pcapng.zst"])
def test_nothing_waits_for_an_output_that_nobody_reads(tmp_path: Path, name: str) -> None:
    """head leaves: the processes that save end too, and leave nothing that is not whole."""
    with subprocess.Popen([*COMMAND, "read", *[TOUR] * 60, "--what", "packets", "-w", name], cwd=tmp_path,
                          env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.close()
        try:
            assert process.wait(30) == 141
        finally:
            process.kill()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["x.gz", "x.zst"])
def test_where_there_is_no_room_it_is_said(name: str) -> None:
    """What does not fit is let go, so that the writer does not wait; the end says why."""
    packing = Packing(name, os.open("/dev/full", os.O_WRONLY))
    with os.fdopen(packing.fd, "wb") as out:
        for _ in range(40):
            out.write(os.urandom(1 << 17))
    with pytest.raises(OSError, match="No space left"):
        packing.finish()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_right_to_write(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert netwatch("read", TOUR, "--write", "closed/x.pcapng").returncode == 3


def test_quiet_and_verbose(netwatch: Run) -> None:
    cut = ["read", TOUR, "--what", "packets", "--fields", "n"]
    assert netwatch(*cut).stderr == ""
    assert netwatch(*cut, "-v").stderr == f"netwatch: 47 packets read, {TOUR.stat().st_size:,} bytes of input\n"
    shown = netwatch("stats", "conversations", TOUR, "--top", 1)
    assert shown.stderr
    assert netwatch("read", "nothing.pcap", "-q").stderr == "netwatch: nothing.pcap: no such file\n"


def test_quiet_says_no_warning(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.pcap").write_bytes(TOUR.read_bytes()[:-7])
    loud, quiet = (netwatch("read", "cut.pcap", *words) for words in ([], ["-q"]))
    assert loud.returncode == quiet.returncode == 5
    assert loud.stderr and not quiet.stderr
    assert loud.stdout == quiet.stdout


def test_lines_that_are_no_keys_are_told(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("root:x:0:0\nbin:x:1:1\n")
    done = netwatch("read", TOUR, "--keylog", "passwd")
    assert done.returncode == 0 and done.stderr == "netwatch: --keylog passwd: 2 lines are no keys\n"


def test_names_of_files_are_shown_without_controls(netwatch: Run, tmp_path: Path) -> None:
    name = "e\033[31mvil\n.pcap"
    (tmp_path / name).write_bytes(TOUR.read_bytes())
    text = netwatch("read", name, "--what", "summary", "--format", "table").stdout
    assert "e\ufffd[31mvil .pcap" in text and "\033" not in text


def test_run_needs_no_dashes(netwatch: Run) -> None:
    assert "run needs a program" in netwatch("run").stderr
    assert "run needs a program" in netwatch("run", "--").stderr
    for words in (["no-such-program", "-sk", "x"], ["--", "no-such-program", "-sk"],
                  ["--what", "dns", "no-such-program"]):
        done = netwatch("run", *words)
        assert done.returncode in (3, 4) and "no such option" not in done.stderr


def test_kinds_are_listed(netwatch: Run) -> None:
    lines = netwatch("read", "--what", "list").stdout.splitlines()
    assert {"flows", "packets", "dns", "http", "tls", "streams", "summary"} <= {line.split()[0] for line in lines}
    told = " ".join(netwatch("read", "--help").stdout.split())
    assert f"of {', '.join(line.split()[0] for line in lines)};" in told
    for line in lines:
        assert netwatch("read", TOUR, "--what", line.split()[0], "-q").returncode == 0


def test_versions(netwatch: Run) -> None:
    first = netwatch("--version").stdout
    for words in (["--version", "-v"], ["-v", "--version"], ["-V", "--verbose"]):
        lines = netwatch(*words).stdout.splitlines()
        assert lines[0] + "\n" == first
        assert f"cryptography {version('cryptography')}" in lines


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits(command: str) -> None:
    """In an interpreter of its own, as nothing else may have been imported before."""
    words = [command, "--help"] if command else ["--help"]
    done = subprocess.run([*COMMAND, *words], env={**ENVIRONMENT, "COLUMNS": "80"}, capture_output=True, text=True,
                          timeout=60, check=True)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not done.stderr


@pytest.mark.parametrize("command", ["read", "show", "stats"])
def test_examples_of_the_help_work(netwatch: Run, tmp_path: Path, command: str) -> None:
    """But for that of a live interface."""
    (tmp_path / "day.pcapng").write_bytes(TOUR.read_bytes())
    lines = netwatch(command, "--help").stdout.partition("examples:")[2].splitlines()
    examples = [line.strip() for line in lines if line.strip() and "-i " not in line]
    assert len(examples) >= 3
    for line in examples:
        done = subprocess.run(line.replace("netwatch", " ".join(COMMAND), 1), shell=True, cwd=tmp_path,
                              env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (line, done.stderr)


def test_every_kind_of_exit(netwatch: Run, tmp_path: Path) -> None:
    """CONTRACT section 2; 3 is tested where there is no right, signals in test_cli_output."""
    (tmp_path / "cut.pcap").write_bytes(TOUR.read_bytes()[:-7])
    for words, code in ((["read", TOUR], 0), (["assert", "port == 1", TOUR], 1), (["read", TOUR, "-Y", "("], 2),
                        (["read", "none.pcap"], 4), (["read", "cut.pcap"], 5), (["attach", "x"], 69)):
        done = subprocess.run([*COMMAND, *map(str, words)], cwd=tmp_path, env=ENVIRONMENT, capture_output=True,
                              timeout=60, check=False)
        assert done.returncode == code, (words, done.stderr)
    rows = [json.loads(line) for line in netwatch("read", TOUR).stdout.splitlines()]
    assert rows


@pytest.mark.parametrize(("words", "said"), [
    (["--wide"], "--wide goes with --format table"), (["--no-pager", "--format", "json"], "goes with --format table"),
    (["--what", "summary", "--sort", "bytes"], "one record"), (["--what", "summary", "--show-secrets"], "one record"),
    (["--what", "summary", "--resolve"], "one record"), (["--no-dpi", "--what", "dns"], "--what dns needs content"),
    (["--no-dpi", "--keylog", "x"], "--keylog needs content"), (["--no-dpi", "--follow", "6"], "needs content"),
    (["--follow", "6", "--what", "dns"], "--follow and --what"), (["--follow", "6", "--time", "local"], "and --time"),
    (["--follow", "6", "--flat"], "--follow and --flat"), (["--objects", "x"], "netwatch export --objects"),
])
def test_nor_beside_what_has_no_use_for_it(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch("read", TOUR, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(("path", "said"), [
    ("/dev/null", "without --write nothing is saved"), (".", "is no regular file; name a file")])
def test_what_no_force_can_replace(netwatch: Run, path: str, said: str) -> None:
    for more in ([], ["--force"]):
        done = netwatch("read", TOUR, "--write", path, *more)
        assert done.returncode == 2 and said in done.stderr and "--force" not in done.stderr


def every_help() -> list[list[str]]:
    more = {"bundle": ("make", "verify", "info", "redact"), "stats": ("conversations", "dns"),
            "egress": ("lint", "promote"), "config": ("show", "init", "check"), "data": ("list", "verify", "import")}
    within = [[name, word] for name, words in more.items() for word in words]
    return [[], *([name] for name in COMMANDS_OF_ALL), *within]


@pytest.mark.parametrize("words", every_help(), ids=" ".join)
def test_help_fits_eighty_columns(netwatch: Run, words: list[str]) -> None:
    for columns in ("80", "200"):
        done = netwatch(*words, "--help", env={**ENVIRONMENT, "COLUMNS": columns})
        assert done.returncode == 0 and done.stdout.startswith("usage: ")
        assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(("word", "near"), [("hlep", "help"), ("raed", "read"), ("stat", "stats")])
def test_the_nearest_command_is_named(netwatch: Run, word: str, near: str) -> None:
    assert f"did you mean {near}?" in netwatch(word).stderr


@pytest.mark.parametrize(("field", "near"), [("eth.src", "lan.src.mac"), ("tls.snii", "tls.sni"), ("foo", "")])
def test_the_nearest_field_is_one_that_may_be_meant(netwatch: Run, field: str, near: str) -> None:
    said = netwatch("read", TOUR, "--fields", field).stderr
    assert f"did you mean {near}?" in said if near else "did you mean" not in said
