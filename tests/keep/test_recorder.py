"""The flight recorder: armed, frozen, again; nothing on disk unless it was asked for; forgotten when told to."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_files import ROOT
from made_captures import capture, http_frames, many
from netwatch_command import Run

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.recorder import Arm, Disarm, Freeze, Recorder, RecorderStatus
from netwatch.capture.file import open_savefile
from netwatch.detect.addon import Detect
from netwatch.model.contract import AddonError, Purpose
from netwatch.recorder import window
from netwatch.recorder.rotation import Rotation
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline
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


def every_second(path: Path, count: int, apart: int = 1) -> Path:
    """An exchange each second, or all in one, of a connection of its own."""
    parts = []
    for i in range(count):
        port = (20_000 + i).to_bytes(2, "big")
        frames = [frame[:34] + frame[34:38].replace((40_000).to_bytes(2, "big"), port) + frame[38:]
                  for frame in http_frames()]
        parts.append(capture(frames, 1_700_000_000 + i * apart)[24 if i else 0 :])
    path.write_bytes(b"".join(parts))
    return path


def stepped(path: Path, *settings: str) -> list[str]:
    """The recorder sees one packet at a time, as of a live capture; what it says."""
    said: list[str] = []
    own = parse_settings(["recorder.armed=true", "recorder.trigger=http.path contains /a", *settings], Settings({}))
    pipeline = Pipeline(open_savefile(str(path)), each=True, purpose=Purpose(live=True, label="lo"), settings=own,
                        addons=[*addons.load(addons.CONTENT, addons.RECORDS), KeptFrames(), Recorder()],
                        say=lambda text, severity: said.append(text), history=65_536)
    for _ in pipeline.steps():
        pass
    pipeline.close()
    pipeline.source.close()
    return said


def pages() -> list[tuple[Path, dict[str, Any]]]:
    return [(each.folder, json.loads((each.folder / "incident.json").read_text())) for each in window.kept()
            if each.incident and not each.in_use]


def packets_in(folder: Path) -> int:
    found = 0
    for path in folder.glob("*.pcapng"):
        source = open_savefile(str(path))
        found += source.drain()
        source.close()
        assert source.error is None
    return found


@pytest.mark.parametrize("links", [True, False])
def test_a_cause_that_goes_on_makes_few_incidents_that_miss_nothing(
        state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool):
    """What happens within a minute joins. Each incident has the window before it, though others had it too; every
    event is counted in one of them, at the time of its packet."""
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EXDEV, "no links here")))
    said = stepped(every_second(tmp_path / "on.pcap", 240))
    found = pages()
    assert len(found) == 4 == sum(text.startswith("Frozen") for text in said) and len(list(window.kept())) == 4
    assert sum(page["happened"] for _, page in found) == 240
    times = [each["time"] for _, page in found for each in page["because"]]
    assert times == sorted(times) and len(set(times)) == 240 and "" not in times
    for folder, page in found:
        assert page["first"].startswith("2023-11-14T22:13:20") and page["files_let_go"] == 0
        assert page["first"] <= page["because"][0]["time"] <= page["because"][-1]["time"] <= page["until"]
        assert packets_in(folder) == page["packets"]
    assert found[-1][1]["packets"] == 240 * 9
    name = "netwatch-20231114-221320-000001.pcapng"
    assert len({(folder / name).stat().st_ino for folder, _ in found}) == (1 if links else 4)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the jail of Linux")
def test_in_the_jail_files_get_second_names_and_folders_go(state: Path):
    """Of state_folder() that is; nothing there needs a copy, and no empty folder is left behind."""
    code = ("from netwatch.platform import jail\nfrom netwatch.platform.walls import Grants\n"
            "from netwatch.recorder import window\nfrom netwatch.store.folders import state_folder\n"
            "state_folder().mkdir(parents=True)\n"
            "jail.enter('on', Grants(readable=[], writable=[str(state_folder())]))\n"
            "one, other = window.Incident(), window.Incident()\n"
            "(one.folder / 'a').write_text('x')\nwindow._put(one.folder / 'a', other.folder / 'a')\n"
            "print((one.folder / 'a').stat().st_nlink)\n"
            "(one.folder / 'a').unlink(), (other.folder / 'a').unlink(), one.close(), other.close()\n"
            "print(list(window.root().iterdir()))\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n[]\n"


def test_incidents_are_bounded_within_a_run(state: Path, tmp_path: Path):
    said = stepped(every_second(tmp_path / "on.pcap", 240), "recorder.incidents=2")
    assert len(pages()) == 2 == len(list(window.kept()))
    gone = [text for text in said if text.startswith("Removed, for recorder.incidents")]
    assert len(gone) == 2 and not any(Path(text.rpartition(" ")[2]).exists() for text in gone)
    assert all(str(folder) in "".join(said) for folder, _ in pages())


def test_what_the_window_let_go_is_said(state: Path, tmp_path: Path):
    """A minute is kept: later incidents begin later, and say that files are gone."""
    stepped(every_second(tmp_path / "on.pcap", 200), "recorder.minutes=1")
    found = [page for _, page in pages()]
    assert found[0]["first"] < found[-1]["first"] and found[-1]["files_let_go"] > 0
    assert all(page["first"] <= page["because"][0]["time"] for page in found)


def test_of_many_causes_the_first_are_named_and_all_are_counted(state: Path, tmp_path: Path):
    stepped(every_second(tmp_path / "on.pcap", 120, apart=0))
    found = [page for _, page in pages()]
    assert sum(page["happened"] for page in found) == 120
    assert all(len(page["because"]) == min(page["happened"], 100) for page in found)


def test_the_window_is_bounded_by_disk_however_many_files_it_is_cut_into(tmp_path: Path):
    """Files that were finished early, to be put into an incident, leave room for others."""
    frame, source = http_frames()[3], open_savefile(str(TOUR))
    rotation = Rotation(tmp_path, 64, 10_000, source, str, total=50_000)

    def write(writer: CaptureWriter) -> int:
        writer.write(frame * 10, 10**18, len(frame) * 10, 0)
        return 1

    for i in range(1, 1000):
        rotation.put(write, 10**18, 10**18)
        if i % 7 == 0:
            rotation.finish()
            assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 50_000
    there = list(tmp_path.iterdir())
    assert len(there) > 5 and set(rotation.done) <= set(there) and rotation.removed
    source.close()


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
