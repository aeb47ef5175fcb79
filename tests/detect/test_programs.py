"""New destinations and fingerprints of programs, in captures that name them: what is new is told, what is known is
not."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from conversation import CLIENT, SERVER, Talk
from netwatch_command import ENVIRONMENT, Run
from situation import Frames, at

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.detect.programs import EVER, Known, place_of
from netwatch.export import evidence

ME, DAY = "10.3.0.7", 86400
PLAIN, OTHER = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA"


def web(when: float, sport: int, host: str, server: str) -> Frames:
    talk = Talk(sport, 80, start=at(when), src=ME, dst=server).open()
    talk.say(CLIENT, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


def tls(when: float, sport: int, ciphers: str) -> Frames:
    """A ClientHello of OpenSSL, and an end."""
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="www.example.com").do_handshake()
    talk = Talk(sport, 443, start=at(when), src=ME, dst="203.0.113.9").open()
    talk.say(CLIENT, out.read())
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


def written(path: Path, *flows: tuple[str, Frames]) -> Path:
    """A capture that names the program of each flow."""
    with CaptureWriter(str(path)) as writer:
        writer.add_interface("eth0")
        frames = []
        for number, (program, each) in enumerate(flows, 40000):
            server, dport = ("203.0.113.9", 443) if program.startswith("tls") else (f"203.0.113.{number - 39999}", 80)
            told = {"proto": "tcp", "src": ME, "sport": number, "dst": server, "dport": dport,
                    "process": {"pid": 7, "name": program}}
            frames += [(ns, frame, evidence.text(told)) for ns, frame in each]
        for ns, frame, text in sorted(frames, key=lambda each: each[0]):
            writer.write(frame, ns, len(frame), 0, None, text)
    return path


def goes(path: Path, *visits: tuple[float, str, str]) -> Path:
    """(when, program, host) of each."""
    return written(path, *((program, web(when, 40000 + i, host, f"203.0.113.{i + 1}"))
                           for i, (when, program, host) in enumerate(visits)))


def alerts(netwatch: Run, path: Path, *words: str) -> list[dict[str, Any]]:
    done = netwatch("read", path, "--what", "alerts", "--format", "ndjson", *words)
    assert done.returncode == 0, done.stderr
    return [each for each in map(json.loads, done.stdout.splitlines()) if each["kind"].startswith("new_")]


@pytest.mark.same
def test_a_program_that_goes_somewhere_else_after_a_day_is_told(netwatch: Run, tmp_path: Path) -> None:
    path = goes(tmp_path / "a.pcapng", (0, "backup", "a.example.com"), (DAY + 10, "backup", "b.example.com"),
                (DAY + 20, "backup", "other.example.net"), (DAY + 30, "backup", "other.example.net"))
    for workers in ("1", "2", "3"):
        (found,) = alerts(netwatch, path, "--workers", workers)
        assert (found["kind"], found["severity"], found["src"], found["dport"]) == ("new_destination", "info", ME, 80)
        assert found["evidence"] == {"program": "backup", "place": "example.net"}
        assert found["flows"] == [3] and found["frames"]


def test_what_only_looks_like_it_is_not(netwatch: Run, tmp_path: Path) -> None:
    """The first day; a program that is new itself; one that goes everywhere."""
    young = goes(tmp_path / "young.pcapng", (0, "backup", "a.example"), (DAY - 10, "backup", "b.example"),
                 (DAY + 10, "fresh", "c.example"))
    assert not alerts(netwatch, young)
    visits = [(i, "browser", f"site{i}.example") for i in range(12)]
    many = goes(tmp_path / "many.pcapng", *visits, (DAY + 99, "browser", "new.example"))
    assert not alerts(netwatch, many, "--set", "detect.new_destination.most=10")
    assert len(alerts(netwatch, many, "--set", "detect.new_destination.most=50")) == 1


def test_against_flow_records_of_another_time(netwatch: Run, tmp_path: Path) -> None:
    before = goes(tmp_path / "before.pcapng", (0, "backup", "a.example.com"), (1, "curl", "www.example.org"))
    base = tmp_path / "base.ndjson"
    base.write_text(netwatch("read", before, "--what", "flows", "--format", "ndjson").stdout + "no record\n[]\n")
    now = goes(tmp_path / "now.pcapng", (5, "backup", "x.example.com"), (6, "backup", "evil.example"),
               (7, "nobody", "evil.example"))
    assert not alerts(netwatch, now)
    (found,) = alerts(netwatch, now, "--set", f"detect.new_destination.baseline={base}")
    assert found["evidence"] == {"program": "backup", "place": "evil.example"}
    gone = netwatch("read", now, "--what", "alerts", "--set", "detect.new_destination.baseline=/no/such/file")
    assert gone.returncode == 4 and "/no/such/file" in gone.stderr


def test_a_fingerprint_that_changed(netwatch: Run, tmp_path: Path) -> None:
    flows = [("tls-agent", tls(when, 40000 + i, ciphers)) for i, (when, ciphers) in enumerate(
        ((0, PLAIN), (DAY + 10, PLAIN), (DAY + 20, OTHER), (DAY + 30, OTHER)))]
    (found,) = alerts(netwatch, written(tmp_path / "a.pcapng", *flows))
    assert (found["kind"], found["severity"]) == ("new_fingerprint", "warning")
    assert found["evidence"]["program"] == "tls-agent" and found["evidence"]["ja4"].startswith("t12d")
    assert not alerts(netwatch, written(tmp_path / "b.pcapng", *flows[:2]))


def test_what_was_learnt_is_kept(netwatch: Run, tmp_path: Path) -> None:
    """Across readings, where that is asked for; nothing is written otherwise."""
    keep = ("--set", "detect.new_destination.keep=true", "--set", "detect.new_destination.learn_s=0", "--sandbox",
            "off")
    first = goes(tmp_path / "first.pcapng", (0, "backup", "a.example"))
    second = goes(tmp_path / "second.pcapng", (9, "backup", "a.example"), (10, "backup", "b.example"))
    alerts(netwatch, first, *keep)
    (found,) = alerts(netwatch, second, *keep)
    assert found["evidence"]["place"] == "b.example"
    assert not alerts(netwatch, second, *keep)


def test_what_was_kept_and_is_damaged_is_said_and_learnt_anew(netwatch: Run, tmp_path: Path) -> None:
    """And the folder of it need not be there, also inside the jail."""
    state = tmp_path / "new" / "state"
    keep = ("--what", "alerts", "--set", "detect.new_destination.keep=true", "--set",
            "detect.new_destination.learn_s=0")
    capture = goes(tmp_path / "a.pcapng", (0, "backup", "a.example"))
    options = {"env": {**ENVIRONMENT, "XDG_STATE_HOME": str(state)}}
    done = netwatch("read", capture, *keep, **options)
    kept = state / "netwatch" / "new_destination.ndjson"
    assert done.returncode == 0 and "not kept" not in done.stderr and "backup" in kept.read_text()
    kept.write_bytes(bytes(range(128, 256)))
    done = netwatch("read", capture, *keep, **options)
    assert done.returncode == 0 and "learnt anew" in done.stderr and "backup" in kept.read_text()


@pytest.mark.parametrize("text", ["", "hello\nworld\n", "id,src,dst\n1,a,b\n", '{"process":{"name":"x"', "[" * 9000])
def test_a_baseline_that_says_nothing_is_refused(netwatch: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "base").write_text(text)
    done = netwatch("read", goes(tmp_path / "a.pcapng", (0, "backup", "a.example")), "--what", "alerts", "--set",
                    f"detect.new_destination.baseline={tmp_path / 'base'}")
    assert done.returncode == 2 and "names a program" in done.stderr


def test_places() -> None:
    assert place_of({"tls": {"sni": "A.B.Example.co.uk"}, "dst": "192.0.2.1"}) == "example.co.uk"
    assert place_of({"http": {"host": "www.example.com:8080"}, "dst": "192.0.2.1"}) == "example.com"
    assert place_of({"dst": "192.0.2.1"}) == "192.0.2.1"
    for said, place in (("10.0.0.1:8080", "10.0.0.1"), ("6.6.0.1", "6.6.0.1"), ("[2001:db8::1]", "2001:db8::1")):
        assert place_of({"http": {"host": said}, "dst": "192.0.2.1"}) == place


def test_hostile_baselines_are_passed_over() -> None:
    known = Known(0, 4)
    known.read('{"program":1}\n{"program":"x","since":"y","things":[]}\n{"process":{"name":[]}}\n' + "[" * 9000
               + '\n{"program":"x","since":5,"things":["a",7,null]}', place_of)
    assert list(known.learn("x", EVER).things) == ["a"]
