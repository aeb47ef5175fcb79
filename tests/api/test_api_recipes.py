"""The page docs/library.md and its recipes do what they say."""

from __future__ import annotations

import builtins
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

import netwatch

RECIPES = ROOT / "docs" / "recipes"
SPARK = os.environ.get("NETWATCH_SPARK")  # an interpreter that has pyspark


def script(code: str | Path, *arguments: object, cwd: Path = ROOT) -> str:
    words = [str(code)] if isinstance(code, Path) else ["-c", code]
    done = subprocess.run([sys.executable, *words, *map(str, arguments)], cwd=cwd, env=ENVIRONMENT, capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_page_begins_with_lines_that_work(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "library.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.S)
    assert code is not None
    assert len([line for line in code[1].splitlines() if line]) <= 5
    (tmp_path / "capture.pcap").write_bytes((ROOT / "tests/captures/https.pcap").read_bytes())
    said = script(code[1], cwd=tmp_path).splitlines()
    assert said == ["www.lab.example None 4552", "www.lab.example None 2836", "32"]


def test_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs" / "library.md").read_text()
    for name in re.findall(r"`(\w+(?:Error))`", page):
        assert hasattr(netwatch, name) or hasattr(builtins, name), name
    for option in netwatch.api.OfFiles.__annotations__:  # type: ignore[attr-defined]
        assert f"{option}=" in page, option


def test_top_talkers() -> None:
    said = script(RECIPES / "top_talkers.py", ROOT / "tests/captures/https.pcap")
    amounts = [int(line.split()[0].replace(",", "")) for line in said.splitlines()]
    assert len(amounts) == 2
    assert sum(amounts) == netwatch.read(ROOT / "tests/captures/https.pcap").summary().bytes


def calls(times: list[float]) -> bytes:
    """A SYN and its RST at each of these seconds, each a flow of its own."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for i, when in enumerate(times):
        ends = [(b"\x0a\0\0\x05", b"\xc6\x33\x64\x07", 40000 + i, 8443), (b"\xc6\x33\x64\x07", b"\x0a\0\0\x05", 8443,
                                                                         40000 + i)]
        for flags, (src, dst, sport, dport) in zip((2, 20), ends, strict=True):
            tcp = struct.pack(">HHIIBBHHH", sport, dport, 7, 8 if flags == 20 else 0, 0x50, flags, 1024, 0, 0)
            frame = b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + struct.pack(">BBHHHBBH", 0x45, 0, 40, i, 0, 64, 6, 0) + src + \
                dst + tcp
            micros = round((1_700_000_000 + when) * 1e6) + (flags == 20) * 900
            out.append(struct.pack("<IIII", micros // 10**6, micros % 10**6, len(frame), len(frame)) + frame)
    return b"".join(out)


def test_beacon_hunt(tmp_path: Path) -> None:
    (tmp_path / "steady.pcap").write_bytes(calls([60.0 * i + i % 2 for i in range(8)]))
    (tmp_path / "now-and-then.pcap").write_bytes(calls([0, 3, 90, 91, 300, 1000, 1003, 2000]))
    said = script(RECIPES / "beacon_hunt.py", tmp_path / "steady.pcap")
    assert said == "10.0.0.5 -> 198.51.100.7:8443  8 times, every 60.1 s, give or take 1.0 s\n"
    assert script(RECIPES / "beacon_hunt.py", tmp_path / "now-and-then.pcap") == ""


def test_compare() -> None:
    http, https = ROOT / "tests/captures/http.pcap", ROOT / "tests/captures/https.pcap"
    assert script(RECIPES / "compare.py", http, http) == ""
    said = script(RECIPES / "compare.py", http, https).splitlines()
    assert [line for line in said if ":443 tls: appeared" in line], said
    assert {line.rsplit(": ", 1)[1] for line in said} == {"appeared", "vanished"}


@pytest.mark.skipif(SPARK is None or shutil.which("java") is None, reason="no pyspark, or no Java")
def test_spark(tmp_path: Path) -> None:
    """Over the exports of two captures, whose columns differ."""
    files = [tmp_path / f"{name}.parquet" for name in ("https", "dns")]
    for file in files:
        read = [*COMMAND, "read", ROOT / f"tests/captures/{file.stem}.pcap", "--what", "flows", "--format", "parquet"]
        file.write_bytes(subprocess.run(read, env=ENVIRONMENT, check=True, capture_output=True).stdout)
    spark = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS":
             "--master local[1] --conf spark.sql.shuffle.partitions=1 --conf spark.ui.enabled=false pyspark-shell"}
    done = subprocess.run([str(SPARK), RECIPES / "spark_flows.py", *files], env={**ENVIRONMENT, **spark},
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    flows = list(netwatch.read([ROOT / f"tests/captures/{file.stem}.pcap" for file in files]))
    assert {"www.lab.example", "web.lab.example"} <= {line[2] for line in lines}
    assert {line[4] for line in lines} == {str(flow.first)[:10] for flow in flows}
    for column, amount in ((0, sum(flow.bytes_out + flow.bytes_in for flow in flows)), (1, len(flows))):
        assert sum(int(line[column].replace(",", "")) for line in lines) == amount
