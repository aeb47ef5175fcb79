"""Tables: the values of the records, in columns of the schema's types."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT

import netwatch
from netwatch.records.arrow import shapes_of

pa = pytest.importorskip("pyarrow")

CAPTURES = [ROOT / f"tests/captures/{name}.pcap" for name in ("https", "dns", "smb", "kerberos", "mdns", "ike")]
CAPTURES += [ROOT / f"tests/golden/{name}.pcap" for name in ("tunnels", "rubbish", "real-https", "tags")]
KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "alerts")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
@pytest.mark.parametrize("what", KINDS)
def test_cells_are_the_values_of_records(path: Path, what: str) -> None:
    capture = netwatch.read(path, what, tolerant=True)
    records = list(capture)
    table = capture.to_arrow()
    assert table.num_rows == len(records)
    table.validate(full=True)
    forms = {shape.name: shape.form for shape in shapes_of(what.removesuffix("s") if what in (
        "flows", "packets", "streams", "alerts") else what)}
    for name in table.schema.names:
        column, form = table.column(name), forms[name]
        for cell, record in zip(column.to_pylist() if form not in ("time", "far") else column.cast("int64").to_pylist(),
                                records, strict=True):
            value = record[name]
            if form in ("time", "far"):
                assert (cell is None) == (value is None)
                if isinstance(value, str):
                    seconds = datetime.fromisoformat(value.split(".")[0].rstrip("Z") + "+00:00").timestamp()
                    assert cell // (10**9 if form == "time" else 10**6) == seconds
            elif form in ("ints", "texts") and not isinstance(value, list):
                assert cell == (None if value is None else [value])
            elif isinstance(value, dict | list) and form == "text":
                assert isinstance(cell, str)
                assert cell[0] in "{["
            else:
                assert cell == value, name
    missing = {name for record in records for name in forms if record[name] is not None} - set(table.schema.names)
    assert not missing


def test_types_do_not_depend_on_the_capture() -> None:
    table = netwatch.read(ROOT / "tests/captures/https.pcap").to_arrow()
    kinds = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert kinds["first"] == "timestamp[ns, tz=UTC]"
    assert kinds["tls.cert.not_after"] == "timestamp[us, tz=UTC]"
    assert kinds["tls.alpn"] == "list<item: string>"
    assert (kinds["duration"], kinds["bytes_out"], kinds["sack"]) == ("double", "int64", "bool")
    assert table.schema.metadata == {b"netwatch.schema": b"netwatch.flow/1"}


def test_picked_columns_are_there_in_their_order_even_when_empty() -> None:
    batches = list(netwatch.read(ROOT / "tests/captures/http.pcap", fields=["tls.sni", "bytes", "src"]).batches())
    assert [batch.schema.names for batch in batches] == [["tls.sni", "bytes", "src"]]
    assert batches[0].column(0).null_count == batches[0].num_rows


def test_pandas_and_polars_say_the_same() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    capture = netwatch.read(ROOT / "tests/captures/https.pcap", where="tls")
    flows = list(capture)
    pandas, polars = capture.to_pandas(), capture.to_polars()
    assert list(pandas["tls.sni"]) == polars["tls.sni"].to_list() == [flow.tls.sni for flow in flows]
    assert list(pandas["bytes_out"]) == [flow.bytes_out for flow in flows]
    assert f"{pandas['first'][0].isoformat()[:26]}000Z" == flows[0].first
    empty = netwatch.read(ROOT / "tests/captures/https.pcap", where="port == 1")
    assert len(empty.to_pandas()) == len(empty.to_polars()) == empty.to_arrow().num_rows == 0


def test_who_speaks_arrow_takes_it_as_it_is() -> None:
    """By the PyCapsule interface: pyarrow itself, polars and DuckDB as far as they are here."""
    capture = netwatch.read(ROOT / "tests/captures/https.pcap", where="tls")
    table = capture.to_arrow()
    assert table.num_rows and pa.table(capture).equals(table)
    assert pa.RecordBatchReader.from_stream(capture).read_all().equals(table)


def test_polars_takes_it_as_it_is() -> None:
    polars = pytest.importorskip("polars")
    capture = netwatch.read(ROOT / "tests/captures/https.pcap", where="tls", fields=["tls.sni", "bytes"])
    assert polars.DataFrame(capture).equals(capture.to_polars()) and capture.to_polars().height


def test_duckdb_takes_it_as_it_is() -> None:
    duckdb = pytest.importorskip("duckdb")
    capture = netwatch.read(ROOT / "tests/captures/https.pcap", where="tls")
    asked = duckdb.sql('SELECT "tls.sni", sum(bytes_in) FROM capture GROUP BY 1 ORDER BY 1')
    sums: dict[str | None, int] = {}
    for flow in capture:
        sums[flow.tls.sni] = sums.get(flow.tls.sni, 0) + (flow.bytes_in or 0)
    assert dict(asked.fetchall()) == sums


def test_more_than_a_chunk(tmp_path: Path) -> None:
    """Chunks whose columns differ are one table."""
    from made_flows import flows_of

    path = tmp_path / "many.pcap"
    path.write_bytes(flows_of(70_000))
    capture = netwatch.read(path, fields=["id", "sport", "dst", "packets_out", "tcp_flags_out"])
    table = capture.to_arrow()
    assert table.num_rows == 70_000
    assert table.column("id").num_chunks == 2
    assert sorted(table.column("id").to_pylist()) == list(range(1, 70_001))


def test_several_kinds_are_no_table() -> None:
    with pytest.raises(netwatch.UsageError, match="one kind of record"):
        netwatch.read(CAPTURES[0], "flows,dns").to_arrow()


def test_without_the_extra() -> None:
    code = f"""
import sys
sys.modules["pyarrow"] = None
import netwatch
try:
    netwatch.read({str(CAPTURES[0])!r}).to_arrow()
except netwatch.UnavailableError as e:
    print(e, e.exit_code)
"""
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.stdout == "pyarrow is not installed: pip install 'netwatch[analysis]' 69\n", done.stderr
