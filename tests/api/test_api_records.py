"""Records of the library: the very records of the command line, their fields as attributes of the stated types."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT, Run

import netwatch
from netwatch.records.typed import Group, places
from netwatch.schema import BY_NAME, Type, fields_of

CAPTURES = sorted((*(ROOT / "tests/captures").glob("*.pcap"), *(ROOT / "tests/golden").glob("*.pcap")))
KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "alerts", "findings", "events", "hosts", "processes")
SAMPLE = [path for path in CAPTURES if path.stem in (
    "https", "http2-clear", "dns", "real-https", "smb", "tunnels", "mdns", "ftp", "rubbish", "http")]


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_as_dict_is_the_line_of_ndjson(path: Path, netwatch: Run) -> None:
    import netwatch as library

    keys = path.with_suffix(".keys")
    options = ["--keylog", keys] if keys.exists() else []
    for what in (*KINDS, "flows,dns,http", "hosts,flows"):
        said = netwatch("read", path, "--what", what, "--format", "ndjson", *options)
        lines = [json.loads(line) for line in said.stdout.splitlines()]
        capture = library.read(path, what, keylog=[keys] if keys.exists() else [], tolerant=True)
        assert [record.as_dict() for record in capture] == lines, what


def test_picked_fields_are_those_of_the_command_line(netwatch: Run) -> None:
    import netwatch as library

    path = ROOT / "tests/captures/https.pcap"
    names = ["id", "tls.sni", "tls.cert.san", "bytes_out", "process.name"]
    said = netwatch("read", path, "--fields", ",".join(names), "--format", "ndjson", "--where", "tls")
    found = [flow.as_dict() for flow in library.read(path, where="tls", fields=names)]
    assert found
    assert found == [json.loads(line) for line in said.stdout.splitlines()]


def golden() -> Iterator[tuple[str, dict[str, object]]]:
    for path in CAPTURES:
        for line in path.with_suffix(".ndjson").read_text().splitlines():
            record = json.loads(line)
            yield record["schema"].partition("/")[0].removeprefix("netwatch."), record


PLAIN = {Type.TEXT: str, Type.ADDRESS: str, Type.TIME: str, Type.BOOL: bool, Type.DURATION: (int, float)}


def wrong(kind: str, record: dict[str, object]) -> Iterator[str]:
    """Attributes that are not of the type that type checkers are told."""
    typed = netwatch.Typed(record)
    for field in fields_of(kind):
        if kind in field.asked:
            continue
        path, thing = field.key(kind).split("."), typed
        for part in path[:-1]:
            thing = getattr(thing, part.replace("-", "_"))
        if isinstance(thing, dict):
            continue  # headers, by the names that they have on the wire
        for each in thing if isinstance(thing, list) else [thing]:
            assert isinstance(each, Group)
            found = getattr(each, "class_" if path[-1] == "class" else path[-1])
            values = found if isinstance(found, list) else [] if found is None else [found]
            if isinstance(found, list) != (field.many and not isinstance(thing, list)):
                yield f"{field.name}: {found!r}"
            allowed = PLAIN.get(field.type, int)
            if field.type is Type.DURATION and field.unit != "s":
                allowed = int
            yield from (f"{field.name}: {value!r}" for value in values if not isinstance(value, allowed))


def test_attributes_have_the_types_of_the_stub() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_record_types import ALWAYS
    finally:
        sys.path.remove(str(ROOT / "tools"))
    seen = set()
    for kind, record in golden():
        seen.add(kind)
        assert not list(wrong(kind, record))
        there = netwatch.Typed(record)
        assert not [name for name in ALWAYS.get(kind, ()) if getattr(there, name) is None], record
    assert seen == {"flow", "dns", "http", "tls", "summary", "stream"} | seen


def test_stub_is_fresh() -> None:
    done = subprocess.run([sys.executable, "tools/make_record_types.py", "--check"], cwd=ROOT, env=ENVIRONMENT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_absent_unknown_and_odd_names() -> None:
    flow = next(iter(netwatch.read(ROOT / "tests/captures/http.pcap")))
    assert flow.tls.sni is None
    assert not flow.tls
    assert flow.vlan == []
    assert flow.bytes == flow.bytes_out + flow.bytes_in
    assert flow["http.host"] == flow.http.host is not None
    assert "tls.sni" not in flow
    assert "src" in flow
    assert flow.ftp_data.as_dict() == {}
    with pytest.raises(AttributeError, match="tsl: no such field; did you mean t"):
        flow.tsl  # type: ignore[attr-defined]  # noqa: B018
    again = pickle.loads(pickle.dumps(flow))
    assert type(again) is netwatch.Flow
    assert again == flow
    assert "http.host" in BY_NAME
    assert {"src", "tls", "ftp_data"} <= set(dir(flow))
    assert repr(flow).startswith("Flow(id=1, proto='tcp'")


def test_every_field_has_a_place() -> None:
    for field in fields_of("flow"):
        place = places("flow")
        for part in field.name.split("."):
            assert part in place.below
            place = place.below[part]


def test_records_that_the_schema_does_not_know_have_the_names_that_they_have() -> None:
    event = next(iter(netwatch.read(ROOT / "tests/captures/http.pcap", "events")))
    assert event.kind == event.as_dict()["kind"] == "start"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="did you mean proto"):
        _ = event.prot  # type: ignore[attr-defined]


def test_a_record_is_no_list() -> None:
    flow = next(iter(netwatch.read(ROOT / "tests/captures/http.pcap")))
    with pytest.raises(TypeError, match="'Flow' object is not iterable"):
        dict(flow)  # type: ignore[call-overload]


def test_a_limit_of_several_kinds_cuts_no_sum(tmp_path: Path) -> None:
    """What flows add up to is of all of them, however many are shown."""
    path = ROOT / "tests/golden/neighbours.pcap"
    whole = [record.as_dict() for record in netwatch.read(path, "hosts")]
    assert len(whole) > 2
    for limit in (1, 2):
        found = [record.as_dict() for record in netwatch.read(path, "flows,hosts", limit=limit)]
        assert [record for record in found if record["schema"].startswith("netwatch.host/")] == whole[:limit]
