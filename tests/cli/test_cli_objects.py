"""`export --objects` of what SMTP, FTP, SMB2 and TFTP carry: the files that tshark finds, however the bytes are cut."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run

from netwatch._fast.out.masking import masked_form
from netwatch.cli.export import _named
from netwatch.decrypt.budget import Room
from netwatch.export.smbfiles import SmbFiles
from netwatch.export.transfers import HELD_MOST, Mail

SHARED = Path(os.environ.get("NETWATCH_CAPTURES", ROOT.parent / "shared" / "captures"))
OURS = ROOT / "tests" / "captures"
MESSAGE = (b"From: a@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= ../../etc\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n..dots\r\n--x\r\n"
           b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
           b"Content-Disposition: attachment; filename=\"../../a.pdf\"\r\n\r\nJVBERi0=\r\n--x--\r\n")
DIALOGUE = [(1, b"220 mail\r\n"), (0, b"EHLO x\r\n"), (1, b"250-mail\r\n250 OK\r\n"),
            (0, b"MAIL FROM:<a@example.com>\r\n"), (1, b"250 OK\r\n"), (0, b"DATA\r\n"), (1, b"554 no\r\n"),
            (0, b"DATA\r\n"), (1, b"354 go\r\n"),
            (0, MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n"), (1, b"250 OK\r\n"),
            (0, b"BDAT 5\r\nabc\r\nBDAT 3 LAST\r\nx\r\n"), (0, b"QUIT\r\n")]

PIECES = (b"DATA\r\n", b"354\r\n", b"BDAT 7 LAST\r\n", b".\r\n", b"BDAT 3\r\nabcRSET\r\n", b"..x\r\n.\r\n",
          b"\r\n.\r\n")


def objects(netwatch: Run, folder: Path, path: Path, *words: str) -> list[dict[str, object]]:
    done = netwatch("export", "--objects", folder, path, *words)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in (folder / "index.ndjson").read_text().splitlines()]
    for each in [each for each in found if "missing" not in each]:
        data = (folder / str(each["file"])).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (each["bytes"], each["sha256"])
    assert {path.name for path in folder.iterdir()} == {"index.ndjson", *(each["file"] for each in found
                                                                         if "missing" not in each)}
    assert ("left out" in done.stderr) == any("missing" in each for each in found)
    return found


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(("kind", "protocol", "path", "least"), [
    ("smb", "smb", SHARED / "zeek" / "smb__smb2readwrite.pcap", 1), ("tftp", "tftp", OURS / "tftp.pcap", 2),
    ("ftp-data", "ftp", SHARED / "zeek" / "ftp__ipv4.pcap", 2), ("ftp-data", "ftp", SHARED / "arkime" / "ftp.pcap", 0),
    ("tftp", "tftp", SHARED / "wireshark" / "tftp.pcap", 0)])
def test_the_files_are_those_of_tshark(netwatch: Run, tmp_path: Path, kind: str, protocol: str, path: Path,
                                       least: int) -> None:
    """Each is one of tshark's; what was not seen whole it has as well, and we have not."""
    if not path.exists():
        pytest.skip(f"{path} is not here")
    subprocess.run(["tshark", "-r", path, "--export-objects", f"{kind},{tmp_path / 'theirs'}", "-q"], check=True,
                   capture_output=True)
    theirs = {hashlib.sha256(each.read_bytes()).hexdigest() for each in (tmp_path / "theirs").iterdir()}
    found = [each for each in objects(netwatch, tmp_path / "ours", path) if "missing" not in each]
    assert len(found) >= least
    assert {each["sha256"] for each in found} <= theirs
    assert {each["protocol"] for each in found} <= {protocol}


def test_a_message_of_smtp(netwatch: Run, tmp_path: Path) -> None:
    (found,) = objects(netwatch, tmp_path / "o", OURS / "smtp.pcap")
    assert (found["protocol"], found["name"], found["dir"]) == ("smtp", "From the lab.eml", "out")
    assert objects(netwatch, tmp_path / "p", OURS / "smtp.pcap", "--where", "app == http") == []


def test_an_smb2_file_that_was_read(netwatch: Run, tmp_path: Path) -> None:
    (found,) = objects(netwatch, tmp_path / "o", OURS / "smb.pcap")
    assert (found["name"], found["dir"], found["bytes"]) == ("file.txt", "in", 1730)


def mail_of(pieces: list[tuple[int, bytes]], room: Room) -> list[tuple[str, bytes]]:
    mail = Mail(room)
    for side, data in pieces:
        mail.take(side, data, 0)
    return [(found.name, found.data) for found in mail.finish({}, 0)]


def cut(dialogue: list[tuple[int, bytes]], rng: random.Random | None) -> list[tuple[int, bytes]]:
    """The same in single bytes, or in pieces of any size."""
    found = []
    for side, data in dialogue:
        while data:
            size = 1 if rng is None else rng.randint(1, 40)
            found.append((side, data[:size]))
            data = data[size:]
    return found


def test_mail_does_not_depend_on_cuts() -> None:
    whole = mail_of(DIALOGUE, Room(HELD_MOST))
    assert [name for name, _ in whole] == ["Grüße ../../etc.eml", "../../a.pdf", "message.eml"]
    assert [data for _, data in whole] == [MESSAGE, b"%PDF-", b"abc\r\nx\r\n"]
    for rng in (None, *(random.Random(seed) for seed in range(20))):
        room = Room(HELD_MOST)
        assert mail_of(cut(DIALOGUE, rng), room) == whole
        assert room.left == HELD_MOST


@pytest.mark.parametrize("maker", [Mail, SmbFiles])
def test_anything_may_come(maker: type[Mail] | type[SmbFiles]) -> None:
    """No bytes make an error, and all room is given back."""
    for seed in range(200):
        rng, room = random.Random(seed), Room(1 << 16)
        carrier = maker(room)
        for _ in range(30):
            body = rng.choice((rng.randbytes(rng.randrange(200)), *PIECES, b"\0\0\0\x58\xfeSMB" + rng.randbytes(84)))
            carrier.take(rng.randrange(2), body, rng.random() < 0.02)
        list(carrier.finish({}, 0))
        assert room.left == 1 << 16


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\x", "/etc/passwd", "a\0b", ".bashrc", "-rf",
                                  "con\x1b[31m", "x" * 5000, "", "..", "日本"])
def test_names_are_no_paths(name: str) -> None:
    made = _named(name.replace("\\", "/"), "")
    assert made and "/" not in made and "\\" not in made and made[0] not in ".-" and made.isascii() and len(made) < 100


@pytest.mark.parametrize(("body", "shown"), [
    (b"user=anna&password=hunter2&x=1", b"user=anna&password=***&x=1"),
    (b"password=hunter2", b"password=***"), (b"login[passwd]=a%20b;next=1", b"login[passwd]=***;next=1"),
    (b'{"user": "anna", "password" : "hun\\"ter2", "api_key":"k"}',
     b'{"user": "anna", "password" : "***", "api_key":"***"}'),
    (b'--b\r\nContent-Disposition: form-data; name="pwd"\r\n\r\nhunter2\r\n--b--',
     b'--b\r\nContent-Disposition: form-data; name="pwd"\r\n\r\n***\r\n--b--'),
    (b"compass=north&passage=free&tokens=3", b"compass=north&passage=free&tokens=3"),
])
def test_forms_are_masked(body: bytes, shown: bytes) -> None:
    assert masked_form(body) == (shown, shown != body)
