"""netwatch.open: bundles by the library."""

from __future__ import annotations

from pathlib import Path

import pytest
from netwatch_command import ROOT, Run

import netwatch as library

HTTP = ROOT / "tests" / "captures" / "http.pcap"


def test_a_bundle_is_read_as_its_capture(netwatch: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    made = netwatch("bundle", "make", HTTP, bundle)
    assert made.returncode == 0, made.stderr
    found = [(flow.src, flow.dport, flow.http.host, flow.bytes) for flow in library.open(bundle)]
    assert found == [(flow.src, flow.dport, flow.http.host, flow.bytes) for flow in library.read(HTTP)]
    assert [record.as_dict()["path"] for record in library.open(bundle, "http")] == [
        http.path for http in library.read(HTTP, "http")]
    packets = bundle / "packets.pcapng"
    packets.chmod(0o600)
    data = bytearray(packets.read_bytes())
    data[-9] ^= 1
    packets.write_bytes(data)
    with pytest.raises(library.DamagedError, match=r"packets\.pcapng"):
        library.open(bundle)


def test_what_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises((library.MissingError, library.DamagedError)):
        library.open(tmp_path)
    with pytest.raises((library.MissingError, library.DamagedError)):
        library.open(tmp_path / "gone")
