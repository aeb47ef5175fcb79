"""Bundles: made of captures, whole to the byte, opened again, redacted and brought back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from evidence_files import PROCESS, ROOT, written
from made_captures import many, small
from netwatch_command import COMMAND, ENVIRONMENT, Run
from test_evidence import FLOW

from netwatch.bundle import manifest
from netwatch.privacy.redactor import PROFILE_OF, Redactor
from netwatch.privacy.tokens import Sealed
from netwatch.schema import FIELDS, Privacy, Type
from netwatch.store.atomic import WholeFolder

TOUR = ROOT / "docs" / "tour.pcap"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def bundle(netwatch: Run, tmp_path: Path) -> Path:
    done = netwatch("bundle", "make", TOUR, tmp_path / "b")
    assert done.returncode == 0, done.stderr
    return tmp_path / "b"


def test_what_is_in_it(netwatch: Run, bundle: Path):
    flows = netwatch("read", TOUR).stdout
    assert (bundle / "connections.ndjson").read_text() == flows
    assert (bundle / "dns.ndjson").read_text() == netwatch("read", TOUR, "--what", "dns").stdout
    assert netwatch("read", bundle / "packets.pcapng").stdout == flows
    assert sum(row["packets"] for row in lines(bundle / "bandwidth.ndjson")) == 47
    assert sum(row["flows"] for row in lines(bundle / "egress.ndjson")) == len(flows.splitlines())
    told = json.loads((bundle / "manifest.json").read_text())
    assert (told["packets"], told["packets_seen"], told["source"]) == (47, 47, ["tour.pcap"])
    assert "47 packets" in (bundle / "summary.md").read_text()
    assert {path.stat().st_mode & 0o777 for path in bundle.iterdir()} == {0o600}


def test_egress_and_findings_are_those_of_the_commands(netwatch: Run, tmp_path: Path):
    """One kind of record has one set of keys."""
    capture, policy = written(tmp_path / "e.pcapng", small(), {80: FLOW}), tmp_path / "policy.toml"
    policy.write_text("strict = false\n")
    netwatch("bundle", "make", capture, tmp_path / "b")
    words = ("--all", "--policy", policy, "--format", "ndjson")
    linted = [json.loads(line) for line in netwatch("egress", "lint", capture, *words).stdout.splitlines()]
    keys = {key for line in linted for key in line}
    assert {key for line in lines(tmp_path / "b" / "egress.ndjson") for key in line} - {"host"} <= keys
    linted, bundled = ({(line["program"], line["ip"], line.get("port"), line["bytes_out"]) for line in found
                        if "program" in line} for found in (linted, lines(tmp_path / "b" / "egress.ndjson")))
    assert linted and linted <= bundled
    found = netwatch("diagnose", capture, "--format", "ndjson").stdout
    assert (tmp_path / "b" / "findings.ndjson").read_text() == found
    told = json.loads(netwatch("diagnose", capture, "--format", "json").stdout)["health"]
    assert lines(tmp_path / "b" / "health.ndjson")[1]["health"] == told


@pytest.mark.same
def test_the_same_on_every_run(netwatch: Run, bundle: Path, tmp_path: Path):
    netwatch("bundle", "make", TOUR, tmp_path / "again")
    assert tree(tmp_path / "again") == tree(bundle)


def test_a_flipped_byte_is_refused_and_the_file_named(netwatch: Run, bundle: Path):
    assert netwatch("bundle", "verify", bundle).returncode == 0
    for path in sorted(bundle.iterdir()):
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 1} if whole else ():
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            done = netwatch("bundle", "verify", bundle)
            assert done.returncode == 5 and path.name in done.stderr, (path, at, done.stderr)
        path.write_bytes(whole)
    assert netwatch("bundle", "verify", bundle).returncode == 0


@pytest.mark.parametrize("act", ["removed", "added", "linked", "emptied", "folder"])
def test_other_tampering_is_refused(netwatch: Run, bundle: Path, act: str):
    path = bundle / "dns.ndjson"
    if act == "added":
        (bundle / "more.txt").write_text("x")
        path = bundle / "more.txt"
    else:
        path.unlink()
    if act == "linked":
        path.symlink_to(TOUR)
    elif act == "emptied":
        path.write_bytes(b"")
    elif act == "folder":
        path.mkdir()
    done = netwatch("open", bundle)
    assert done.returncode == 5 and path.name in done.stderr and done.stdout == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"files":[]}', '{"files":[{"name":"../x"}]}', "[" * 9000])
def test_hostile_manifests(netwatch: Run, bundle: Path, text: str):
    (bundle / "manifest.json").write_text(text)
    done = netwatch("bundle", "verify", bundle)
    assert done.returncode == 5 and "manifest.json: is not what was signed" in done.stderr


def test_no_bundle(netwatch: Run, tmp_path: Path):
    assert netwatch("bundle", "verify", tmp_path / "none").returncode == 4
    assert netwatch("bundle", "info", tmp_path).returncode == 4
    assert netwatch("bundle", "burn", tmp_path).returncode == 2


def test_open_and_info(netwatch: Run, bundle: Path):
    done = netwatch("open", bundle)
    assert done.returncode == 0 and done.stdout == netwatch("read", TOUR).stdout
    assert "signed by" in done.stderr
    told = json.loads(netwatch("bundle", "info", bundle, "--json").stdout)
    assert told["signer"] in netwatch("bundle", "info", bundle).stdout
    assert netwatch("bundle", "verify", bundle, "--signer", told["signer"]).returncode == 0
    assert netwatch("bundle", "verify", bundle, "--signer", "0" * 32).returncode == 5


def test_nothing_is_left_of_what_fails(netwatch: Run, tmp_path: Path):
    (tmp_path / "there").mkdir()
    assert netwatch("bundle", "make", TOUR, tmp_path / "there").returncode == 2
    assert netwatch("bundle", "make", tmp_path / "none.pcap", tmp_path / "x").returncode == 4
    assert netwatch("bundle", "make", TOUR).returncode == 2
    (tmp_path / "big.pcap").write_bytes(many(60_000))
    limited = ["bash", "-c", 'ulimit -f 200; trap "" XFSZ; exec "$@"', "-"]
    done = subprocess.run([*limited, *COMMAND, "bundle", "make", str(tmp_path / "big.pcap"), str(tmp_path / "full")],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 69 and "nothing of it is kept" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.pcap", "there"]


def test_only_what_passes(netwatch: Run, tmp_path: Path):
    netwatch("bundle", "make", TOUR, tmp_path / "d", "--where", "dns")
    assert {f["app"] for f in lines(tmp_path / "d" / "connections.ndjson")} == {"dns"}
    assert json.loads((tmp_path / "d" / "manifest.json").read_text())["packets"] == 6


def test_redaction_is_consistent_and_can_be_undone(netwatch: Run, tmp_path: Path):
    path = written(tmp_path / "e.pcapng", small(), {80: FLOW})
    netwatch("bundle", "make", path, tmp_path / "b")
    done = netwatch("bundle", "redact", tmp_path / "b", tmp_path / "r", "--key", tmp_path / "key")
    assert done.returncode == 0, done.stderr
    everything = b"".join(tree(tmp_path / "r").values())
    for secret in (b"10.0.0.1", b"10.0.0.2", b"example.com", b"curl", b"alice", b"192.0.2.1", b"e.pcapng"):
        assert secret not in everything, secret
    flows, dns = lines(tmp_path / "r" / "connections.ndjson"), lines(tmp_path / "r" / "dns.ndjson")
    assert {f["src"] for f in flows} == {dns[0]["client"]} and flows[0]["src"].startswith("addr-")
    assert netwatch("bundle", "verify", tmp_path / "r").returncode == 0
    assert netwatch("open", tmp_path / "r", "--", "--tab", "stats").returncode == 69
    done = netwatch("open", tmp_path / "r")
    assert done.returncode == 0 and "whole, signed by" in done.stderr
    assert "redacted (addresses, names, macs), without packets" in done.stderr
    assert done.stdout == (tmp_path / "r" / "summary.md").read_text()
    netwatch("bundle", "redact", tmp_path / "b", tmp_path / "r2", "--key", tmp_path / "key")
    assert tree(tmp_path / "r2") == tree(tmp_path / "r")
    done = netwatch("bundle", "redact", "--undo", tmp_path / "r", tmp_path / "u", "--key", tmp_path / "key")
    assert done.returncode == 0, done.stderr
    assert lines(tmp_path / "u" / "connections.ndjson") == [
        {**flow, **({"process": PROCESS} if "process" in flow else {})} for flow in lines(tmp_path / "b" /
                                                                                         "connections.ndjson")]
    done = netwatch("bundle", "redact", tmp_path / "b", tmp_path / "o", "--key", tmp_path / "o" / "key")
    assert done.returncode == 2 and "keep it apart" in done.stderr


@pytest.mark.parametrize(("text", "hidden"), [
    ("to 192.0.2.1:443, 192.0.2.1.", "192.0.2.1"), ("[2001:db8::1]:53", "2001:db8::1"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("fe80::1%eth0", "fe80::1"), ("net 10.0.0.0/8", "10.0.0.0"), ("a aa:bb:cc:dd:ee:ff b", "aa:bb:cc:dd:ee:ff")])
def test_addresses_inside_of_texts(text: str, hidden: str):
    redactor = Redactor(Sealed(bytes(32)))
    shown = redactor.record({"schema": "netwatch.flow/1", "state": text})
    assert hidden not in shown["state"] and redactor.restored(shown)["state"] == text


@pytest.mark.parametrize("text", ["08:52:54", "1.2.3", "version 1.2.3.4.5", "t13d1516h2", "a::b::c", "00:11"])
def test_what_is_no_address_stays(text: str):
    assert Redactor(Sealed(bytes(32))).record({"schema": "netwatch.flow/1", "state": text})["state"] == text


def test_what_nobody_knows_is_taken_for_a_name():
    strange = {"schema": "netwatch.strange/1", "what": "alice", "deep": [{"er": "bob"}], "n": 1}
    shown = Redactor(Sealed(bytes(32))).record(strange)
    assert "alice" not in str(shown) and "bob" not in str(shown) and shown["n"] == 1


def test_what_a_certificate_a_header_and_a_reason_say_is_a_name():
    told = {"schema": "netwatch.flow/1", "src": "10.0.0.1", "tls": {
        "version": "1.3", "cert": {"issuer": "CN=alice", "sha256": "alice"}, "client_cert": {"issuer": "alice",
                                                                                            "sha256": "alice"}},
        "websocket": {"close_reason": "alice"}, "grpc": {"message": "alice"}, "quic": {"close": {"reason": "alice"}},
        "http": {"user_agent": "alice"}, "ssh": {"host_key_sha256": "alice"}, "alice": {"alice.example": {"n": 1}},
        "10.9.8.7": 5}
    asked = {"schema": "netwatch.http/1", "request_headers": {"host": "alice", "x-alice": "1"}}
    found = {"schema": "netwatch.alert/1", "evidence": {"servers": ["alice"]}}
    for record in (told, asked, found):
        redactor = Redactor(Sealed(bytes(32)))
        shown = redactor.record(record)
        assert "alice" not in str(shown) and "10.9.8.7" not in str(shown) and redactor.restored(shown) == record
    assert shown.keys() == {"schema", "evidence"} and shown["evidence"].keys() == {"servers"}
    shown = Redactor(Sealed(bytes(32))).record(asked)
    assert "host" in shown["request_headers"] and Redactor(Sealed(bytes(32))).record(told)["tls"]["version"] == "1.3"


def nested(path: str, value: object) -> dict:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


@pytest.mark.parametrize("privacy", [Privacy.ADDRESS, Privacy.NAME])
def test_whatever_the_schema_calls_private_is_hidden_and_comes_back(privacy: Privacy):
    """Texts and numbers, in every kind of record that has the field, by the one profile that it is of alone."""
    found = [(field, kind) for field in FIELDS if field.privacy is privacy for kind in field.kinds if not field.asked]
    assert len(found) > 50 and any(field.type is Type.INT for field, _ in found)
    for field, kind in found:
        value = 471100 if field.type is Type.INT else "alice of wonderland"
        record = {"schema": f"netwatch.{kind}/1", **nested(field.key(kind), [value] if field.many else value)}
        redactor = Redactor(Sealed(bytes(32)), [PROFILE_OF[privacy]])
        shown = redactor.record(record)
        assert str(value) not in json.dumps(shown), (field.name, kind)
        assert redactor.restored(shown) == record, (field.name, kind)


def test_redaction_without_a_key_is_for_good(netwatch: Run, bundle: Path, tmp_path: Path):
    done = netwatch("bundle", "redact", bundle, tmp_path / "r", "--profile", "addresses")
    assert done.returncode == 0 and "cannot be brought back" in done.stderr
    everything = b"".join(tree(tmp_path / "r").values())
    assert b"192.0.2." not in everything and b"2001:db8" not in everything and b"www.example.com" in everything
    assert netwatch("bundle", "redact", bundle, tmp_path / "x", "--profile", "all").returncode == 2
    assert netwatch("bundle", "redact", bundle, tmp_path / "x", "--undo").returncode == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_key_of_openssl_signs(netwatch: Run, tmp_path: Path):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    netwatch("bundle", "make", TOUR, tmp_path / "b", "--signing-key", key)
    told = json.loads(netwatch("bundle", "info", tmp_path / "b", "--json").stdout)
    out = subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    assert out[-32:].hex() == told["signature"]["public_key"]
    key.write_text("no key")
    assert netwatch("bundle", "make", TOUR, tmp_path / "c", "--signing-key", key).returncode == 2


def test_a_damaged_capture_makes_a_bundle_of_what_there_is(netwatch: Run, tmp_path: Path):
    (tmp_path / "cut.pcap").write_bytes(TOUR.read_bytes()[:-10])
    done = netwatch("bundle", "make", tmp_path / "cut.pcap", tmp_path / "b")
    assert done.returncode == 5 and netwatch("bundle", "verify", tmp_path / "b").returncode == 0
    assert json.loads((tmp_path / "b" / "manifest.json").read_text())["damaged"] is True


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_no_permission(netwatch: Run, tmp_path: Path):
    (tmp_path / "ro").mkdir(mode=0o500)
    assert netwatch("bundle", "make", TOUR, tmp_path / "ro" / "b").returncode == 2


def forged(folder: Path, out: Path, texts: dict[str, bytes], tell: dict | None = None, drop: str = "") -> Path:
    """The bundle with other files and words, signed anew by a stranger."""
    key = Ed25519PrivateKey.generate()
    shutil.copytree(folder, out)
    for name, text in texts.items():
        (out / name).write_bytes(text)
    told = json.loads((out / "manifest.json").read_text()) | (tell or {})
    for each in told["files"]:
        data = (out / each["name"]).read_bytes()
        each |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if drop:
        del told["files"][0][drop]
    told["chain"] = manifest._chain(told)
    told["signature"] = {"algorithm": "ed25519", "public_key": key.public_key().public_bytes_raw().hex(),
                         "value": key.sign(manifest._signed(told)).hex()}
    (out / "manifest.json").write_bytes(manifest._written(told))
    return out


NESTED = b'{"schema":"netwatch.flow/1","x":' + b'{"a":' * 900 + b"1" + b"}" * 901 + b"\n"


@pytest.mark.parametrize(("texts", "tell"), [
    ({"health.ndjson": b""}, {}), ({"health.ndjson": b'{"schema":"netwatch.summary/1"}\n'}, {}),
    ({"dns.ndjson": b'{"schema":"netwatch.dns/1","query":"\\ud800"}\n'}, {}), ({"connections.ndjson": NESTED}, {}),
    ({"connections.ndjson": b"[" * 100_000 + b"\n"}, {}), ({"connections.ndjson": b"\xff\n"}, {}), ({}, {"source": 5}),
    ({"egress.ndjson": b'{"schema":"netwatch.egress/1","bytes_out":"x"}\n'}, {})],
    ids=["empty", "bare", "surrogate", "nested", "deep", "bytes", "source", "text"])
def test_what_a_stranger_signed_is_not_redacted_by_halves(netwatch: Run, bundle: Path, tmp_path: Path, texts: dict,
                                                         tell: dict):
    strange = forged(bundle, tmp_path / "f", texts, tell)
    assert netwatch("bundle", "verify", strange).returncode == 0
    done = netwatch("bundle", "redact", strange, tmp_path / "r")
    assert (done.returncode, done.stderr.count("\n"), (tmp_path / "r").exists()) == (5, 1, False), done.stderr


@pytest.mark.parametrize("line", [
    b'{"schema":"netwatch.flow/1","id":99999999999999999999999999}', b'{"schema":"netwatch.flow/1","dst":["x"]}',
    b'{"schema":"netwatch.flow/1","bytes_in":"x","src":{"a":1}}'], ids=["large", "list", "text"])
def test_what_a_stranger_signed_is_no_fault_of_ours(netwatch: Run, bundle: Path, tmp_path: Path, line: bytes):
    strange = forged(bundle, tmp_path / "f", {"connections.ndjson": line + b"\n"})
    for words in (("sql", "-r", strange, "select * from flows"), ("diff", bundle, strange)):
        done = netwatch(*words)
        assert done.returncode in (0, 5) and done.stderr.count("\n") <= 2 and "internal" not in done.stderr, done.stderr


def test_a_manifest_says_the_size_of_each_file(netwatch: Run, bundle: Path, tmp_path: Path):
    done = netwatch("bundle", "verify", forged(bundle, tmp_path / "f", {}, drop="bytes"))
    assert done.returncode == 5 and "is not what was signed" in done.stderr


def test_what_a_manifest_says_gives_a_terminal_no_orders(netwatch: Run, bundle: Path, tmp_path: Path):
    tell = {"\x1b[31mX": "v", "c1": "a\x9b31mb\x7f\u202e"}
    strange = forged(bundle, tmp_path / "f", {}, tell)
    for words in ((), ("--json",)):
        done = netwatch("bundle", "info", strange, *words)
        assert done.returncode == 0 and all(c == "\n" or c.isprintable() for c in done.stdout)
    assert json.loads(done.stdout)["c1"] == tell["c1"]


def test_a_page_of_an_incident_beside_it_opens_no_bundle(netwatch: Run, bundle: Path):
    (bundle / "incident.json").write_text("{}")
    done = netwatch("open", bundle)
    assert done.returncode == 5 and "incident.json" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("name", ["manifest.json", "dns.ndjson"])
def test_a_pipe_is_not_waited_for(netwatch: Run, bundle: Path, name: str):
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    assert netwatch("bundle", "verify", bundle).returncode in (4, 5)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("sandbox", ["on", "off"])
def test_under_sudo_all_of_it_is_the_callers(netwatch: Run, open_folder: Path, sandbox: str):
    open_folder.chmod(0o755)
    (open_folder / "mine").mkdir()
    os.chown(open_folder / "mine", 65534, 65534)
    key = open_folder / "mine" / "key.pem"
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    os.chown(key, 65534, 65534)
    capture = open_folder / "e.pcapng"
    written(capture, small(), {80: FLOW})
    capture.chmod(0o644)
    out = open_folder / "mine"
    for words in (("bundle", "make", capture, out / "b", "--signing-key", key, "--sandbox", sandbox),
                  ("bundle", "redact", out / "b", out / "r", "--signing-key", key),
                  ("export", TOUR, "--objects", out / "o", "--sandbox", sandbox)):
        done = netwatch(*words, env={**ENVIRONMENT, "SUDO_UID": "65534"})
        assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in out.rglob("*")} == {65534}
    os.chmod(open_folder, 0o700)
    assert netwatch("bundle", "verify", out / "b").returncode == 0
    done = netwatch("bundle", "verify", out / "b", env={**ENVIRONMENT, "SUDO_UID": "65534"})
    assert done.returncode == 3, "root's rights are not the caller's"


def test_a_folder_in_the_place_of_ours_is_not_written_to(tmp_path: Path):
    folder = WholeFolder(str(tmp_path / "b"))
    folder.made.rename(tmp_path / "moved")
    folder.made.symlink_to(tmp_path / "root", target_is_directory=True)
    (tmp_path / "root").mkdir()
    with folder.new_file("x") as out:
        out.write(b"x")
    assert (tmp_path / "moved" / "x").exists() and not list((tmp_path / "root").iterdir())
    folder.made.unlink()
    folder.drop()
