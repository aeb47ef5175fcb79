"""The flight recorder: armed, frozen, again; nothing on disk unless it was asked for; forgotten when told to."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_files import ROOT
from made_captures import capture, http_frames, many
from netwatch_command import Run

from netwatch.addons.recorder import Arm, Disarm, Freeze, Recorder, RecorderStatus
from netwatch.capture.file import open_savefile
from netwatch.detect.addon import Detect
from netwatch.model.contract import AddonError, Purpose
from netwatch.recorder import window
from netwatch.run.session import Session
from netwatch.store.settings import Settings, parse_settings

TOUR = ROOT / "docs" / "tour.pcap"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "netwatch" / "recorder"


def watched(path: Path, *settings: str) -> Session:
    """A session that takes a file for live, once it has read all of it."""
    session = Session(Purpose(live=True, label=path.name), lambda: open_savefile(str(path)),
                      settings=parse_settings(list(settings), Settings({})))
    session.start()
    ends = time.monotonic() + 30
    while not session.health().done and time.monotonic() < ends:
        time.sleep(0.02)
    return session


def test_nothing_is_kept_unless_it_is_asked_for(state: Path):
    session = watched(TOUR)
    assert session.do(Freeze()).startswith("The recorder is not armed") and session.do(Disarm()) != ""
    session.stop()
    assert not state.exists() or list(state.iterdir()) == []


def test_armed_frozen_and_read_again(state: Path, netwatch: Run, tmp_path: Path):
    session = watched(TOUR, "recorder.armed=true", "recorder.on_alert=false")
    assert session.ask(RecorderStatus()).armed
    said = session.do(Freeze())
    folder = Path(said.rpartition(" ")[2])
    assert said.startswith("Frozen: 47 packets") and folder.parent == state
    about = json.loads((folder / "incident.json").read_text())
    assert about["packets"] == 47 and set(about["lost"].values()) == {0} and about["because"][0]["text"] == "asked for"
    assert session.ask(RecorderStatus()).incidents == 1
    session.stop()
    assert [each.folder for each in window.kept()] == [folder]
    environment = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    flows = netwatch("read", TOUR).stdout
    assert netwatch("open", folder, **environment).stdout == flows
    assert netwatch("bundle", "make", folder, tmp_path / "b", **environment).returncode == 0
    told = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert told["packets"] == 47 and told["incident"]["because"] == about["because"]


def test_what_was_not_frozen_is_removed(state: Path):
    session = watched(TOUR, "recorder.armed=true", "recorder.on_alert=false")
    there = list(window.kept())
    assert len(there) == 1 and there[0].in_use and not there[0].incident
    assert "removed" in session.do(Disarm()) and session.do(Arm()).startswith("The recorder is armed:")
    session.stop()
    assert list(window.kept()) == []


def test_a_trigger_freezes(state: Path):
    session = watched(TOUR, "recorder.armed=true", "recorder.on_alert=false", "recorder.trigger=sni contains example")
    session.stop()
    incidents = [each for each in window.kept() if each.incident]
    assert len(incidents) == 1
    because = json.loads((incidents[0].folder / "incident.json").read_text())["because"]
    assert [each["text"] for each in because] == ["TLS api.example.com"]


def flood(tmp_path: Path) -> Path:
    """SYNs to one port, from a thousand ports within ten seconds, which nobody answers; and a minute later one more."""
    first = http_frames()[0]
    seconds = [[first[:34] + (1024 + 100 * second + i).to_bytes(2, "big") + first[36:] for i in range(100)]
               for second in range(10)]
    parts = [*seconds, [first]]
    times = [*range(1_700_000_000, 1_700_000_010), 1_700_000_070]
    made = [capture(frames, at) for frames, at in zip(parts, times, strict=True)]
    (tmp_path / "flood.pcap").write_bytes(made[0] + b"".join(each[24:] for each in made[1:]))
    return tmp_path / "flood.pcap"


def incidents_of(*settings: str, path: Path) -> list[dict[str, object]]:
    session = watched(path, "recorder.armed=true", *settings)
    session.stop()
    return [json.loads((each.folder / "incident.json").read_text()) for each in window.kept() if each.incident]


def test_a_critical_alert_freezes(state: Path, tmp_path: Path):
    """The alert's own words are why, and the packets that it speaks of are there."""
    (incident,) = incidents_of(path=flood(tmp_path))
    (because,) = incident["because"]  # type: ignore[misc]
    assert because["alert"] == "syn_flood" and "port 80 was sent" in because["text"]
    assert int(str(incident["packets"])) >= 1000 and set(incident["lost"].values()) == {0}  # type: ignore[attr-defined]


def test_no_other_alert_freezes(state: Path, tmp_path: Path):
    """Neither a critical one where that is not wanted, nor one that is a warning: ports that are scanned."""
    assert incidents_of("recorder.on_alert=false", path=flood(tmp_path)) == []
    first = http_frames()[0]
    scan = [first[:36] + (1 + i).to_bytes(2, "big") + first[38:] for i in range(100)]
    late = capture([first], 1_700_000_060)[24:]
    (tmp_path / "scan.pcap").write_bytes(capture(scan, 1_700_000_000) + late)
    session = watched(tmp_path / "scan.pcap", "recorder.armed=true")
    with session.lock:
        made = session.get(Detect).newest(100)
    assert {alert.told.severity for alert in made} == {"warning"}
    session.stop()
    assert not [each for each in window.kept() if each.incident]


def test_triggers_freeze_and_several_incidents_are_kept(state: Path, tmp_path: Path):
    """Two exchanges a minute apart, each a trigger: two incidents, of which the second begins after the first."""
    frames = http_frames()
    first = capture(frames, 1_700_000_000)
    later = capture(frames, 1_700_000_000 + 60)[24:]
    quiet = capture([frames[0]], 1_700_000_000 + 30)[24:]
    (tmp_path / "two.pcap").write_bytes(first + quiet + later)
    session = watched(tmp_path / "two.pcap", "recorder.armed=true", "recorder.trigger=http")
    session.stop()
    incidents = [json.loads((each.folder / "incident.json").read_text()) for each in window.kept() if each.incident]
    assert sum(each["packets"] for each in incidents) == 19 and len(incidents) in (1, 2)


def test_the_window_is_bounded_by_time(state: Path, tmp_path: Path):
    """Ten minutes of packets, a minute is kept: what is older than that was let go."""
    out = [capture([http_frames()[0]], 1_700_000_000 + i)[24 if i else 0 :] for i in range(600)]
    (tmp_path / "long.pcap").write_bytes(b"".join(out))
    session = watched(tmp_path / "long.pcap", "recorder.armed=true", "recorder.minutes=1", "recorder.on_alert=false")
    said = session.do(Freeze())
    session.stop()
    folder = Path(said.rpartition(" ")[2])
    kept = sum(open_savefile(str(path)).drain() for path in folder.glob("*.pcapng"))
    assert 400 >= kept >= 60


def test_windows_of_the_dead_are_removed_at_the_next_start(state: Path):
    session = watched(TOUR, "recorder.armed=true")
    in_use = next(window.kept()).folder
    stray = state / "20200101-000000-000"
    stray.mkdir()
    (stray / "netwatch-20200101-000000-000001.pcapng").write_bytes(b"x")
    other = watched(TOUR)
    assert not stray.exists() and in_use.exists()
    other.stop()
    session.stop()


def test_a_bad_trigger_is_told(state: Path):
    with pytest.raises(AddonError, match=r"recorder\.trigger"):
        watched(TOUR, "recorder.trigger=nosuch ==")


def test_forget(state: Path, netwatch: Run):
    environment = {"env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    for _ in range(2):
        session = watched(TOUR, "recorder.armed=true")
        session.do(Freeze())
        session.stop()
    assert len(list(window.kept())) == 2
    found = json.loads(netwatch("doctor", "--json", **environment).stdout)["kept"]
    assert sum(each["name"] == "incident of the recorder" for each in found) == 2
    old = next(window.kept()).folder
    for path in old.iterdir():
        os.utime(path, (0, 0))
    assert "1 removed, 1 left" in netwatch("forget", "--before", "30d", **environment).stderr
    assert netwatch("forget", "--before", "yesterday", **environment).returncode == 2
    assert netwatch("forget", **environment).returncode == 2
    assert "1 removed, 0 left" in netwatch("forget", "--all", **environment).stderr
    assert list(window.kept()) == [] and Recorder.name == "recorder"


def test_a_folder_of_recorded_files_is_one_capture(netwatch: Run, tmp_path: Path):
    (tmp_path / "m.pcap").write_bytes(many(3_000))
    from test_record import recorded

    recorded(tmp_path / "m.pcap", tmp_path / "r", size=100_000, keep=100)
    assert len(list((tmp_path / "r").iterdir())) > 2
    assert netwatch("read", tmp_path / "r").stdout == netwatch("read", tmp_path / "m.pcap").stdout
