"""Reading by the library: errors, closing, threads, silence, interfaces; and the type checker's view of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

import netwatch

HTTP, HTTPS, DNS = (ROOT / f"tests/captures/{name}.pcap" for name in ("http", "https", "dns"))


@pytest.mark.parametrize(("more", "error", "line"), [
    ({"files": "nothing-here.pcap"}, netwatch.MissingError, "nothing-here.pcap: no such file"),
    ({"files": []}, netwatch.UsageError, "files: name at least one"),
    ({"files": [HTTP, "gone"]}, netwatch.MissingError, "gone: no such file"),
    ({"files": __file__}, netwatch.DamagedError, "not a capture file"),
    ({"files": "/"}, netwatch.MissingError, "is a directory"),
    ({"files": HTTP, "where": "prot == tcp"}, netwatch.UsageError, "did you mean 'proto'"),
    ({"files": HTTP, "what": "packets", "where": "tcp_flags_in == SYN"}, netwatch.UsageError, "tcp_flags_in is of"),
    ({"files": HTTP, "what": "floes"}, netwatch.UsageError, "what: floes: no such kind; there are flows, packets"),
    ({"files": HTTP, "what": ""}, netwatch.UsageError, "what: needs a kind of record"),
    ({"files": HTTP, "what": ["flows"]}, netwatch.UsageError, "what: kinds of record in one text"),
    ({"files": b"x"}, netwatch.UsageError, "files: the name of a file, or several"),
    ({"files": [b"x"]}, netwatch.UsageError, "files: the name of a file, or several"),
    ({"files": HTTP, "keylog": [3]}, netwatch.UsageError, "keylog: the name of a file, or several"),
    ({"files": HTTP, "what": "summary"}, netwatch.UsageError, "summary()"),
    ({"files": HTTP, "fields": ["sni", "snii"]}, netwatch.UsageError, "fields: snii: no such field; did you mean sni?"),
    ({"files": HTTP, "fields": []}, netwatch.UsageError, "name at least one"),
    ({"files": HTTP, "what": "dns", "fields": ["process.name"]}, netwatch.UsageError, "is of flows"),
    ({"files": HTTP, "workers": 0}, netwatch.UsageError, "workers: a number from 1 to 64"),
    ({"files": HTTP, "limit": -1}, netwatch.UsageError, "limit: 0 or more"),
    ({"files": HTTP, "count": -1}, netwatch.UsageError, "count: 0 or more"),
    ({"files": HTTP, "settings": {"timeouts.upd": 3}}, netwatch.UsageError, "did you mean timeouts.udp?"),
    ({"files": HTTP, "settings": {"timeouts.udp": "x"}}, netwatch.UsageError, "timeouts.udp is a whole number"),
    ({"files": HTTP, "config": "no-such.toml"}, netwatch.MissingError, "no-such.toml"),
    ({"files": HTTP, "keylog": "no-such.keys"}, netwatch.MissingError, "no-such.keys"),
])
def test_errors(more: dict[str, object], error: type[netwatch.NetwatchError], line: str) -> None:
    with pytest.raises(error) as found:
        list(netwatch.read(**more))  # type: ignore[call-overload]
    assert line in str(found.value)
    assert "\n" not in str(found.value)
    assert found.value.exit_code == error.exit_code != 70


@pytest.mark.parametrize(("call", "more", "line"), [
    (netwatch.read, {"files": HTTP, "wher": "tls"}, r"read\(\) got an unexpected .* 'wher'; did you mean 'where'"),
    (netwatch.read, {"files": HTTP, "duration": 3}, "read.*'duration'"),
    (netwatch.open, {"bundle": "none", "tolerate": True}, "open.*did you mean 'tolerant'"),
    (netwatch.watch, {"interfaces": "lo", "workers": 2}, "watch.*'workers'"),
])
def test_an_option_that_is_none_is_not_passed_over(call: Callable[..., object], more: dict[str, object],
                                                  line: str) -> None:
    with pytest.raises(TypeError, match=line):
        call(**more)


def test_damage_is_told_behind_the_last_record(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(HTTP.read_bytes()[:-20])
    seen = []
    with pytest.raises(netwatch.DamagedError, match=r"cut\.pcap"):
        for packet in netwatch.read(cut, "packets"):
            seen.append(packet.n)
    whole = netwatch.read(HTTP, "packets")
    assert len(seen) == len(list(whole)) - 1
    tolerant = netwatch.read(cut, "packets", tolerant=True)
    assert [packet.n for packet in tolerant] == seen
    assert tolerant.summary().packets == len(seen)


def test_again_and_again() -> None:
    with netwatch.read(HTTPS, where="tls") as flows:
        first = [flow.as_dict() for flow in flows]
        assert first == [flow.as_dict() for flow in flows]
        assert flows.summary().packets == len(list(flows.packets()))
        assert flows.summary().files == [str(HTTPS)]
        assert flows.to_arrow().num_rows == len(first)
    with pytest.raises(netwatch.UsageError, match="was closed"):
        list(flows)


def test_stream_of_a_flow() -> None:
    capture = netwatch.read(HTTPS, keylog=HTTPS.with_suffix(".keys"))
    flow = next(iter(capture))
    said = capture.stream(flow)
    assert {stream.dir for stream in said} == {"out", "in"}
    assert all(stream.source == "decrypted" and stream.flow == flow.id for stream in said)
    assert "GET " in said[0].text
    assert capture.stream(10**9) == []


def test_packets_of_a_filter() -> None:
    packets = netwatch.read(DNS).packets(where="udp", fields=["n", "len"])
    assert set(next(iter(packets)).as_dict()) == {"schema", "n", "len"}


def test_limit_and_several_files() -> None:
    assert len(list(netwatch.read([HTTP, HTTPS, DNS], limit=3))) == 3
    assert list(netwatch.read(HTTP, limit=0)) == []
    both = netwatch.read([HTTP, DNS]).summary().packets
    assert both == netwatch.read(HTTP).summary().packets + netwatch.read(DNS).summary().packets


def test_half_a_reading_is_let_go() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with netwatch.read(HTTPS) as flows:
            next(iter(flows))
        netwatch.read(HTTPS).close()
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.same
def test_many_at_once() -> None:
    """Readings in threads are as they are alone, and workers change nothing."""
    paths = [HTTP, HTTPS, DNS, ROOT / "tests/captures/smb.pcap"] * 3

    def records(path: Path) -> list[object]:
        return [record.as_dict() for record in netwatch.read(path, "flows,dns,http,tls")]
    alone = [records(path) for path in paths]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(records, paths)) == alone
    assert [flow.as_dict() for flow in netwatch.read(HTTP, workers=3)] == [f.as_dict() for f in netwatch.read(HTTP)]


def test_silence() -> None:
    """Nothing on standard output and error, no signal handler, no thread left."""
    code = f"""
import signal, threading
before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
import netwatch
list(netwatch.read({str(HTTPS)!r}, "flows,packets,alerts", workers=2))
netwatch.read({str(HTTP)!r}).summary()
assert before == [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
assert threading.active_count() == 1
"""
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_package_is_loaded_when_it_is_used() -> None:
    import netwatch.api

    assert sorted(netwatch.LIBRARY) == sorted(netwatch.api.__all__)
    code = "import sys, netwatch\nassert 'netwatch.api' not in sys.modules\nnetwatch.read\n" \
           "assert 'netwatch.api' in sys.modules and 'pyarrow' not in sys.modules\n" \
           "try:\n    netwatch.reed\nexcept AttributeError as e:\n    print(e)"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("module 'netwatch' has no attribute 'reed'\n", "")


USER = '''
import netwatch

def servers(path: str) -> list[str]:
    found: list[str] = []
    with netwatch.read(path, where="tls") as flows:
        for flow in flows:
            reveal_type(flow.tls.sni)
            reveal_type(flow.tls.cert.san)
            reveal_type(flow.bytes)
            reveal_type(flow.duration)
            if flow.tls.sni:
                found.append(flow.tls.sni)
    return found

for message in netwatch.read("x.pcap", "dns"):
    reveal_type(message.questions[0].class_)
for packet in netwatch.watch("eth0", "packets", duration=3.0):
    reveal_type(packet.n)
reveal_type(netwatch.read("x.pcap").summary().packets)
'''


def test_type_checkers_know_the_fields(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
                           str(tmp_path / "user.py")], cwd=tmp_path, capture_output=True, text=True,
                          env={**ENVIRONMENT, "MYPYPATH": str(ROOT)}, timeout=300)
    revealed = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    names = [name.replace("builtins.", "") for name in revealed]
    assert names == ["str | None", "list[str]", "int", "float | None", "str | None", "int", "int"], done.stdout
    mine = [line for line in done.stdout.splitlines() if line.startswith("user.py") and "error" in line]
    assert not mine, done.stdout
    (tmp_path / "user.py").write_text("import netwatch\nfor flow in netwatch.read('x'):\n    flow.tls.sny\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"),
                           str(tmp_path / "user.py")], cwd=tmp_path, capture_output=True, text=True,
                          env={**ENVIRONMENT, "MYPYPATH": str(ROOT)}, timeout=300)
    assert 'has no attribute "sny"' in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="capturing needs root")
def test_watching_the_loopback() -> None:
    import socket

    with netwatch.watch("lo", "packets", capture_filter="udp port 9", duration=5.0, limit=3) as packets:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talker:
            for _ in range(3):
                talker.sendto(b"x", ("127.0.0.1", 9))
        assert [packet.dport for packet in packets] == [9, 9, 9]
    with pytest.raises(netwatch.UsageError, match="watched once"):
        list(packets)


@pytest.mark.skipif(os.geteuid() != 0, reason="capturing needs root")
def test_a_quiet_interface_is_closed_from_elsewhere() -> None:
    live = netwatch.watch("lo", capture_filter="udp port 1", owners=False)
    threading.Timer(0.3, live.close).start()
    assert list(live) == []


def test_interfaces_that_are_none() -> None:
    with pytest.raises((netwatch.MissingError, netwatch.DeniedError)):
        netwatch.watch("no-such-if0")


def test_interrupting_a_script() -> None:
    """Ctrl-C is the script's own."""
    code = f"import netwatch\nwhile True:\n    list(netwatch.read({str(HTTP)!r}))\n    print('.', flush=True)"
    child = subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert "KeyboardInterrupt" in said
