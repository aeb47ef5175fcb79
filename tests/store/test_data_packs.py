"""Data packs: what is whole and signed is installed and used; anything else is refused by name, and changes nothing."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from netwatch.cli.data import main
from netwatch.cli.errors import CommandError
from netwatch.names import clients, geo, vendors
from netwatch.store import folders, packs
from netwatch.store.packs import PackError

MADE = date(2026, 11, 1)
JA4 = "t13d1516h2_8daaf6152771_b186095e22b6"
ABOUT = {"source": "ours", "licence": "CC0", "attribution": ""}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pub.pem").write_bytes(public)
    return tmp_path / "key.pem"


@pytest.fixture
def pack(tmp_path: Path, key: Path) -> Path:
    (tmp_path / "ja4.tsv").write_text(f"{JA4}\tour browser\n")
    target = tmp_path / "clients-2026-11-01.nwdata"
    packs.make_pack(target, "clients", MADE, [tmp_path / "ja4.tsv"], ABOUT, key)
    return target


def test_what_is_imported_is_used(pack: Path, home: Path) -> None:
    assert clients.load_clients().get(JA4) != "our browser"
    found = packs.import_pack(pack, [home / "key.pub.pem"])
    assert (found.kind, found.made, found.signer) == ("clients", MADE, "key.pub.pem")
    assert found.age_days(date(2026, 11, 29)) == 28
    assert clients.load_clients()[JA4] == "our browser"
    assert packs.verify_installed("clients", [home / "key.pub.pem"]) == found
    (home / "config/netwatch").mkdir(parents=True)
    (home / "config/netwatch/ja4.tsv").write_text(f"{JA4}\tmine\n")
    assert clients.load_clients()[JA4] == "mine"


def test_places_are_looked_for_in_a_pack_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETWATCH_GEOIP", raising=False)
    assert geo.folders()[0] == str(folders.packs_folder() / "geoip")


def test_a_key_in_the_configuration_folder_may_sign(pack: Path, home: Path) -> None:
    with pytest.raises(PackError, match="signed by no key"):
        packs.import_pack(pack)
    assert packs.installed() == {}
    (home / "config/netwatch/keys").mkdir(parents=True)
    (home / "key.pub.pem").rename(home / "config/netwatch/keys/release.pem")
    assert packs.import_pack(pack).signer == "release.pem"


def test_another_key_is_nobodys(pack: Path, home: Path) -> None:
    other = Ed25519PrivateKey.generate().public_key()
    (home / "other.pem").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert packs.verify_file(pack, [home / "other.pem"]).signer == ""
    with pytest.raises(PackError, match="signed by no key"):
        packs.import_pack(pack, [home / "other.pem"])
    assert packs.import_pack(pack, unsigned=True).signer == ""
    with pytest.raises(PackError, match="not the public half"):
        packs.verify_file(pack, [home / "key.pem"])


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_where_home_is_somebody_elses_there_is_no_pack(pack: Path, home: Path) -> None:
    """A service, or a shell begun by `su`, keeps the home of another in its environment."""
    packs.import_pack(pack, [home / "key.pub.pem"])
    home.chmod(0o700)
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setresuid(65534, 65534, 65534)
        os._exit((packs.installed(), folders.table_path("clients", "ja4.tsv")) != ({}, None))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_same_tables_make_the_same_pack(pack: Path, home: Path, key: Path) -> None:
    before = pack.read_bytes()
    (home / "ja4.tsv").touch()
    packs.make_pack(pack, "clients", MADE, [home / "ja4.tsv"], ABOUT, key)
    assert pack.read_bytes() == before


def test_no_byte_of_a_pack_may_be_another(pack: Path, home: Path) -> None:
    """Of every byte that is changed: refused, or the pack is what it was (an archive has bytes that mean nothing)."""
    whole, keys = pack.read_bytes(), [home / "key.pub.pem"]
    found = packs.verify_file(pack, keys)
    refused = 0
    for at in range(len(whole)):
        pack.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1:])
        try:
            assert packs.verify_file(pack, keys) in (found, packs.Pack(**{**vars(found), "signer": ""}))
        except PackError:
            refused += 1
    assert refused > len(whole) // 2
    for length in range(0, len(whole), 7):
        pack.write_bytes(whole[:length])
        with pytest.raises(PackError):
            packs.verify_file(pack, keys)


Change = Callable[[dict[str, object], dict[str, bytes]], None]
HOSTILE: dict[str, Change] = {
    "a path upwards": lambda told, held: told.update(files=[{"name": "../../x.mmdb", "bytes": 1, "sha256": "0"}]),
    "another kind's file": lambda told, held: told.update(files=[{"name": "vendors.bin", "bytes": 1, "sha256": "0"}]),
    "a kind that is none": lambda told, held: told.update(kind="../etc"),
    "no files": lambda told, held: told.update(files=[]),
    "the same file twice": lambda told, held: told.update(files=[{"name": "ja4.tsv", "bytes": 1, "sha256": "0"}] * 2),
    "a file that is not there": lambda told, held: (held.clear(), None)[1],
    "more bytes than it says": lambda told, held: held.update({"ja4.tsv": b"x" * 100_000}),
    "too large": lambda told, held: told.update(files=[{"name": "ja4.tsv", "bytes": 1 << 40, "sha256": "0"}]),
    "less than nothing": lambda told, held: told.update(files=[{"name": "ja4.tsv", "bytes": -1, "sha256": "0"}]),
    "control characters": lambda told, held: told.update(source="\x1b[2J"),
    "the end of a screen's control, C1": lambda told, held: told.update(source="\x9b2J"),
    "delete": lambda told, held: told.update(licence="a\x7f"),
    "the other way round": lambda told, held: told.update(source="a\u202egnp"),
    "a separator of lines": lambda told, held: told.update(attribution="a\u2028b"),
    "half a character": lambda told, held: told.update(source="\ud800"),
    "a kind that is a list": lambda told, held: told.update(kind=["clients"]),
    "bytes without end": lambda told, held: told.update(files=[{"name": "ja4.tsv", "bytes": float("inf"),
                                                                "sha256": "0"}]),
    "another format": lambda told, held: told.update(format="netwatch.data/2"),
    "no date": lambda told, held: told.update(made="soon"),
    "a list": lambda told, held: told.update(files="ja4.tsv"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_packs_are_refused_and_change_nothing(what: str, pack: Path, home: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        told = json.loads(archive.read("manifest.json"))
        held = {"ja4.tsv": archive.read("ja4.tsv")}
    HOSTILE[what](told, held)
    with zipfile.ZipFile(pack, "w") as archive:
        archive.writestr("manifest.json", json.dumps(told))
        for name, data in held.items():
            archive.writestr(name, data)
    with pytest.raises(PackError):
        packs.import_pack(pack, unsigned=True)
    assert packs.installed() == {}
    assert not list(folders.packs_folder().glob(".*"))


def test_a_pipe_is_no_pack(pack: Path, home: Path) -> None:
    os.mkfifo(home / "pipe.nwdata")
    for take in (packs.verify_file, packs.import_pack):
        with pytest.raises(PackError, match="not a regular file"):
            take(home / "pipe.nwdata")
    packs.import_pack(pack, unsigned=True)
    table = folders.packs_folder() / "clients/ja4.tsv"
    table.unlink()
    os.mkfifo(table)
    with pytest.raises(PackError, match="not a regular file"):
        packs.verify_installed("clients")


@pytest.mark.parametrize(("kind", "name"), [("clients", "ja4.tsv"), ("vendors", "vendors.bin"), ("geoip", "a.mmdb")])
def test_a_table_that_cannot_be_read_is_not_installed(kind: str, name: str, key: Path, home: Path) -> None:
    (home / name).write_bytes(b"no such table\n")
    target = home / "broken.nwdata"
    packs.make_pack(target, kind, MADE, [home / name], ABOUT, key)
    for does in ("verify", "import"):
        with pytest.raises(CommandError, match=name) as found:
            main([does, "--key", str(home / "key.pub.pem"), str(target)])
        assert found.value.code == 5
    assert packs.installed() == {}
    packs.import_pack(target, unsigned=True)  # as an older netwatch did
    assert main(["verify"]) == 5
    told: list[str] = []
    assert clients.load_clients(warn=told.append) == clients.parse_table(clients.SHIPPED.read_text(), "")
    assert bool(told) == (kind == "clients")


def test_the_vendors_of_this_build_are_a_pack(key: Path, home: Path) -> None:
    packs.make_pack(home / "v.nwdata", "vendors", MADE, [Path(vendors.FILE)], ABOUT, key)
    assert main(["verify", str(home / "v.nwdata")]) == 0


def test_the_command(pack: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = str(home / "key.pub.pem")
    assert main(["verify", str(pack), "--key", public]) == 0
    assert main(["import", "--key", public, str(pack)]) == 0
    assert main(["verify", "--key", public]) == 0
    capsys.readouterr()
    assert main(["list", "--json"]) == 0
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)] == ["clients"]
    (folders.packs_folder() / "clients/ja4.tsv").write_text("")
    assert main(["verify"]) == 5
    with pytest.raises(CommandError, match="no such file") as absent:
        main(["import", "nothing.nwdata"])
    assert absent.value.code == 4
    with pytest.raises(CommandError, match="not a data pack") as broken:
        main(["import", public])
    assert broken.value.code == 5
    for words in (["list", "x"], ["import"], ["verify", "--json"], ["verify", "--unsigned"], []):
        with pytest.raises(SystemExit) as usage:
            main(words)
        assert usage.value.code == 2
