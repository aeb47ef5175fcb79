"""--fields, --sort and --where: what a name means in each kind of record, and which names are errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from netwatch_command import ROOT, Run

from netwatch import schema
from netwatch.records.columns import column_of, columns_of, names_of
from netwatch.records.wireshark import INSTEAD

TOUR = ROOT / "docs" / "tour.pcap"
QUIC = ROOT / "tests" / "captures" / "http3.pcap"
KINDS = {"flow": "flows", "packet": "packets", "dns": "dns", "http": "http", "tls": "tls", "stream": "streams"}
GOLDENS = [path for folder in ("golden", "captures") for path in sorted((ROOT / "tests" / folder).glob("*.ndjson"))]


def records(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def keys_of(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every path in a record."""
    if isinstance(value, dict):
        return {key for name, item in value.items() for key in keys_of(item, (*path, name))}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return {key for item in value for key in keys_of(item, path)}
    return {path}


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_every_key_of_every_record_can_be_asked_for(path: Path) -> None:
    """So what is unknown is a mistake, and can be an error."""
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        kind = record["schema"].removeprefix("netwatch.").partition("/")[0]
        unknown = [".".join(key) for key in keys_of(record)
                   if kind != "summary" and column_of(kind, ".".join(key)) is None]
        assert not unknown, (kind, unknown)


def test_every_text_and_number_that_protocols_learn_is_in_the_schema() -> None:
    from netwatch._fast.out.protocols import NUMBERS, PLAIN

    assert not {*PLAIN, *NUMBERS} - set(schema.BY_NAME)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_means_the_records_own_first(kind: str) -> None:
    for field in schema.fields_of(kind):
        for name in (field.key(kind), field.name, *field.names):
            column = column_of(kind, name)
            if column is None and name in INSTEAD:
                continue
            assert column is not None
            assert column.name == name
            assert column.own, (kind, name)
            assert column.flow in ((), ("proto",))  # whether it is of TCP, as a name of Wireshark's may say
    own = {field.key(kind) for field in schema.fields_of(kind)}
    for name in names_of(kind):
        column = column_of(kind, name)
        assert column is not None
        assert column.own
        if name in own:
            assert column.own[0] == name


@pytest.mark.parametrize("kind", ["dns", "http"])
def test_a_message_has_nothing_of_another_message_of_its_flow(kind: str) -> None:
    for name, fields in schema.NAMES.items():
        column = column_of(kind, name)
        for path in column.flow if column is not None else [field.name for field in schema.answering(fields, kind)[1]]:
            assert path in schema.OF_FLOW or not path.startswith(schema.OF_MESSAGES), (name, path)


def test_all_fields_of_an_alias(netwatch: Run) -> None:
    """The names of QUIC are under quic."""
    rows = records(netwatch("read", QUIC, "--where", 'sni != ""', "--fields", "app,sni"))
    assert rows
    assert all(row["sni"] for row in rows)
    assert {row["app"] for row in rows} & {"http3", "quic"}


def test_the_key_that_was_asked_for_comes_out(netwatch: Run) -> None:
    done = netwatch("read", TOUR, "--what", "http", "--fields", "time,method,host,path,status", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["time", "method", "host", "path", "status"]
    assert rows[1][1:] == ["GET", "www.example.com", "/index.html", "200"]
    table = netwatch("read", TOUR, "--what", "dns", "--fields", "client,server,qr,latency_us", "--format", "table")
    assert table.stdout.splitlines()[0].split() == ["client", "server", "qr", "latency_us"]
    assert [list(row)[1:] for row in records(netwatch("read", TOUR, "--what", "dns", "--fields", "rcode"))][:2] == [
        [], ["rcode"]]


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_those_of_whole_records(netwatch: Run, kind: str) -> None:
    """Asked by every dotted name of its own, a record is the same as one that was not asked for by fields."""
    whole = records(netwatch("read", TOUR, "--what", KINDS[kind]))
    tops = [list(dict.fromkeys(key for record in whole for key in record if key != "schema")),
            [field.key(kind) for field in schema.whole_of(kind)]]
    for names in tops:
        some = records(netwatch("read", TOUR, "--what", KINDS[kind], "--fields", ",".join(names)))
        for record, part in zip(whole, some, strict=True):
            for key, value in part.items():
                assert key.endswith("_headers") or record[key] == value, key
    assert [list(part) for part in records(netwatch("read", TOUR, "--what", KINDS[kind], "--fields", ",".join(tops[0])))
            ] == [["schema", *(key for key in tops[0] if key in record)] for record in whole]


def test_an_object_and_members_of_objects(netwatch: Run) -> None:
    rows = records(netwatch("read", TOUR, "--where", "app == tls", "--fields", "tls,proto"))
    assert "sni" in rows[0]["tls"]
    part = records(netwatch("read", TOUR, "--where", "app == tls", "--fields", "tls.sni,proto,tls.cert.key"))
    assert part[0] == {"schema": "netwatch.flow/1", "tls": {"sni": rows[0]["tls"]["sni"], "cert": {
        "key": rows[0]["tls"]["cert"]["key"]}}, "proto": "tcp"}
    flat = records(netwatch("read", TOUR, "--where", "app == tls", "--fields", "tls.sni,proto,tls.cert.key", "--flat"))
    assert list(flat[0]) == ["schema", "tls.sni", "proto", "tls.cert.key"]


@pytest.mark.parametrize("kind", KINDS)
def test_flat(netwatch: Run, kind: str) -> None:
    def flattened(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            return {name: value}
        return {key: item for part, inner in value.items() for key, item in flattened(inner, f"{name}.{part}").items()}

    whole = records(netwatch("read", TOUR, "--what", KINDS[kind]))
    flat = records(netwatch("read", TOUR, "--what", KINDS[kind], "--flat"))
    assert flat == [{key: item for name, value in record.items() for key, item in flattened(value, name).items()}
                    for record in whole]


def test_what_a_record_has_not_got_is_its_flows(netwatch: Run) -> None:
    """As the flow was when it ended, wherever in the file the record stands."""
    flows = {flow["id"]: flow for flow in records(netwatch("read", TOUR))}
    for kind in ("packets", "dns", "http", "tls", "streams"):
        for row in records(netwatch("read", TOUR, "--what", kind, "--fields", "flow,dport,bytes,state,app_stack")):
            flow = flows[row["flow"]]
            assert kind == "streams" or row["bytes"] == flow["bytes_out"] + flow["bytes_in"]
            assert row["state"] == flow["state"]
            assert row.get("app_stack") == flow.get("app_stack")
    rows = records(netwatch("read", TOUR, "--what", "dns", "--sort", "bytes:desc", "--fields", "bytes"))
    assert [row["bytes"] for row in rows] == sorted((row["bytes"] for row in rows), reverse=True)


@pytest.mark.parametrize(("words", "said"), [
    (["--fields", "tls.snii,src"], "--fields tls.snii: no such field; did you mean tls.sni?"),
    (["--fields", "nosuch"], "--fields nosuch: no such field"),
    (["--fields", "n"], "--fields n: flow records have not got it, packet records have"),
    (["--fields", "qr"], "dns records have"), (["--sort", "caplen"], "packet records have"),
    (["--sort", "bytess"], "did you mean bytes?"), (["--sort", "tls.sni.x"], "no such field"),
    (["--what", "dns", "--fields", "caplen"], "packet records have"),
    (["--what", "dns", "--fields", "status"], "flow and http records have"),
    (["--what", "http", "--fields", "rcode"], "flow and dns records have"),
    (["--what", "streams", "--fields", "info"], "packet records have"),
    (["--where", "frame.len > 100"], "len is of packet records; flow records have not got it"),
    (["--what", "dns", "--where", "caplen > 100"], "packet records; dns records have not got it"),
])
def test_names_that_no_record_has(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch("read", TOUR, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_name_need_be_of_one_of_several_kinds_only(netwatch: Run) -> None:
    rows = records(netwatch("read", TOUR, "--what", "flows,packets", "--fields", "n,id,flow"))
    assert {tuple(row) for row in rows} == {
        ("schema", "id", "flow"), ("schema", "n", "id", "flow")}


def test_addresses_sort_as_numbers(netwatch: Run) -> None:
    from ipaddress import ip_address

    rows = records(netwatch("read", TOUR, "--what", "packets", "--sort", "src", "--fields", "src"))
    found = [ip_address(row["src"]) for row in rows if "src" in row and row["src"].count(":") != 5]
    assert found == sorted(found, key=lambda address: (address.version, address))
    assert len({address.version for address in found}) == 2


def test_columns_are_bounded_by_what_is_asked() -> None:
    assert [column.name for column in columns_of("flow", ["SNI", "sni", "sni"])] == ["SNI", "sni"]


def test_every_key_of_an_alert_can_be_asked_for() -> None:
    import inspect

    from netwatch.detect import addon

    for key in ("time", "first", "last", "count", "severity", "kind", "title", "text", "src", "dst", "dport", "flows",
                "frames", "evidence", "id"):
        if f'"{key}":' in inspect.getsource(addon):
            assert column_of("alert", key) is not None, key
