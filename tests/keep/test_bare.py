"""What --bare writes is what --write does, frame for frame; of a filter on headers without an engine."""

from __future__ import annotations

import contextlib
import random
import struct
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run
from test_written import frames
from wire import eth, fragments4, fragments6, ip4, pcap, spaced, tcp, udp, vxlan

from netwatch.capture.file import open_files
from netwatch.cli import bare, run
from netwatch.cli.errors import CommandError
from netwatch.schema import BY_NAME

STRAIGHT = ("tcp.port == 443", "udp", "not proto == tcp", "sport > dport", "len > 200 and caplen > 60",
            "src == 10.0.0.0/8", "ip.ttl < 65", "tcp.flags.syn == 1 and not tcp.flags.ack == 1", "layers == vxlan",
            "vlan == 5", "ip.addr == 192.0.0.0/8 or ip.addr == 10.0.0.0/8",
            "port in {53, 80, 5353} or icmp.type == 8", "eth.src")
FOLLOWED = ("app == dns", "tls.sni", "tcp.seq > 1 and tcp.port == 443", "info contains ack", "bytes > 500")
CAPTURES = sorted((ROOT / "tests" / "captures").glob("*.pcap"))


def odd() -> bytes:
    """Fragments in any order, one that never is whole, and a tunnel in fragments."""
    body, inside = bytes(range(256)) * 4, eth(ip4(6, tcp(40000, 443, payload=b"x" * 900)))
    made = [eth(part) for part in fragments4(17, udp(40000, 443, body), 256)]
    made += [eth(part, 0x86DD) for part in fragments6(17, udp(443, 40001, body), 256)]
    made += [eth(part) for part in fragments4(17, udp(40002, 4789, vxlan(7, inside)), 256, ident=9)]
    made += [eth(part) for part in fragments4(17, udp(40003, 443, body), 256, ident=11)][1:]
    made += [eth(struct.pack(">HH", 5, 0x0800) + ip4(17, udp(1, 2, body)), 0x8100)]
    random.Random(5).shuffle(made)
    return pcap(spaced(made * 40))


def written(capture: Path, out: Path, text: str, *words: str) -> list[bytes]:
    assert run(["read", str(capture), "--where", text, "--write", str(out), "--force", *words]) == 0
    return frames(out)


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("number", range(len(STRAIGHT) + len(FOLLOWED)))
def test_bare_is_the_same_frames(number: int, tmp_path: Path) -> None:
    """A few captures for each filter, others for each, and fragments for all."""
    text, count = (*STRAIGHT, *FOLLOWED)[number], 0
    made = tmp_path / "odd.pcap"
    made.write_bytes(odd())
    for capture in (made, ROOT / "docs" / "tour.pcap", *CAPTURES[number % 7::14]):
        expected = written(capture, tmp_path / "one.pcapng", text, "--what", "summary")
        assert written(capture, tmp_path / "two.pcapng", text, "--bare") == expected, capture.name
        count += len(expected)
    assert count


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_classic_files_have_nothing_beside(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    source = ROOT / "docs" / "tour.pcap"
    for text in ("udp", "app == dns"):
        out = tmp_path / f"{len(text)}.pcap"
        assert written(source, out, text, "--bare")
        assert [path.name for path in tmp_path.glob(f"{out.name}*")] == [out.name, f"{out.name}.bare.pcapng"]
    assert capfdbinary.readouterr() == (b"", b"")
    assert run(["read", str(source), "--write", str(tmp_path / "all.pcap"), "--bare", "--count", "9"]) == 0
    assert len(frames(tmp_path / "all.pcap")) == 9


@pytest.mark.parametrize("text", ["udp", "app == dns"])
def test_what_told_of_the_file_before_does_not_stay_beside_it(text: str, netwatch: Run, tmp_path: Path) -> None:
    source, out = ROOT / "docs" / "tour.pcap", tmp_path / "out.pcap"
    beside = tmp_path / "out.pcap.jsonl"
    words = ("read", str(source), "--write", str(out), "--where", text, "--bare")
    beside.write_text("{}\n")
    refused = netwatch(*words)
    assert refused.returncode != 0
    assert refused.stderr.strip().endswith(f"{beside}: File exists; --force replaces it")
    assert list(tmp_path.iterdir()) == [beside]
    assert netwatch("read", str(source), "--write", str(out), "--what", "summary", "--force").returncode == 0
    assert beside.read_text() != "{}\n"
    assert netwatch(*words, "--force", "--sandbox", "strict").returncode == 0
    assert list(tmp_path.iterdir()) == [out]
    beside.symlink_to(source)
    assert netwatch(*words, "--force").returncode != 0
    assert beside.is_symlink()


def test_which_filters_need_no_flow(netwatch: Run) -> None:
    """None that asks what a flow says, or what depends on other frames."""
    from netwatch.cli.read import prepared
    from netwatch.cli.selection import where_of
    from netwatch.records.selection import Selection

    def straight(text: str, *words: str) -> bool:
        options = prepared(["x.pcap", "--where", text, "--write", "y.pcapng", "--bare", *words])
        return bare.straight(options, Selection(where_of(options, {"packets"}), None, None))
    assert all(straight(text) for text in STRAIGHT)
    assert not any(straight(text) for text in FOLLOWED)
    assert not straight("udp", "--copies", "drop")
    asked = 0
    for name in [name for name, field in BY_NAME.items() if "packet" not in field.kinds]:
        with contextlib.suppress(CommandError):  # one that packets' flows have not got either
            assert not straight(f"udp or {name}"), name
            asked += 1
    assert asked > 100


@pytest.mark.parametrize(("words", "said"), [
    (["--bare"], "--bare goes with --write"),
    (["--bare", "--what", "dns"], "it does not go with --what"),
    (["--bare", "--fields", "src"], "it does not go with --fields"),
    (["--bare", "-i", "lo"], "it does not go with --interface"),
    (["--bare", "--with-secrets"], "it does not go with --with-secrets"),
    *((["--bare", option], f"it does not go with {option}") for option in ("--show-secrets", "--resolve", "--no-pager",
                                                                           "--flush")),
    *((["--bare", *option.split()], f"{option.split()[0]} has no effect")
      for option in ("--no-dpi", "--workers 2", "--keylog x.keys")),
])
def test_what_does_not_go_with_it(words: list[str], said: str, netwatch: Run, tmp_path: Path) -> None:
    write = ["--write", str(tmp_path / "out.pcapng")] if words[1:] else []
    files = [] if "-i" in words else [str(ROOT / "docs" / "tour.pcap")]
    done = netwatch("read", *files, *words, *write)
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("nothing_of_this_machine")
def test_a_cut_file_is_written_as_far_as_it_goes(tmp_path: Path) -> None:
    capture, out = tmp_path / "cut.pcap", tmp_path / "out.pcapng"
    capture.write_bytes((ROOT / "docs" / "tour.pcap").read_bytes()[:-5])
    assert run(["read", str(capture), "--write", str(out), "--bare"]) == 5
    read = open_files([str(capture)])
    read.drain()
    assert len(frames(out)) == read.frames_read > 0
