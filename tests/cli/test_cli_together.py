"""Options of `read` together: no pair breaks it, and what one of them shows does not depend on what else is asked for.

A sample of the captures; all of them with NETWATCH_MATRIX=1 (`make matrix`, under ASan as CONTRIBUTING says).
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from netwatch_command import ROOT

from netwatch.capture.file import open_files
from netwatch.cli import run

WHOLE = os.environ.get("NETWATCH_MATRIX") == "1"
OWN = [path for folder in ("golden", "captures") for path in sorted((ROOT / "tests" / folder).glob("*.pcap"))]
KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "summary")
BESIDES = ("hosts", "processes", "events", "alerts", "findings")  # what addons make of the same
ONE_OF = {"process": "processes", **{kind[:-1]: kind for kind in (*KINDS, *BESIDES) if kind.endswith("s")}}
OPTIONS = {
    **{f"what {kind}": ["--what", kind] for kind in KINDS},
    "what all": ["--what", ",".join(KINDS)],
    **{f"format {style}": ["--format", style] for style in ("table", "json", "csv")},
    "where": ["--where", "tcp or dns or port == 123"],
    "where of the flow": ["--where", "app in {tls, http, dns, quic} and bytes > 200"],
    "where of a service": ["--where", "decrypted or name contains e or scope.src == private"],
    "fields": ["--fields", "id,src,tls.sni,bytes,name.host,proto,app_stack"],
    "sort": ["--sort", "bytes:desc"],
    "limit": ["--limit", "3"],
    "keylog": ["--keylog", "KEYS"],
    "follow": ["--follow", "1"],
    "follow hex": ["--follow", "1", "--follow-as", "hex"],
    "write": ["--write", "OUT", "--force"],
    "show secrets": ["--show-secrets"],
    "stream limit": ["--stream-limit", "9"],
    "workers": ["--workers", "3"],
    "set": ["--set", "timeouts.udp=1"],
    "no dpi": ["--no-dpi"],
    "count": ["--count", "7"],
    "by": ["--by", "app"],
    "by time": ["--by", "app", "--interval", "1s", "--top", "2"],
    "time": ["--time", "relative"],
    "flat": ["--flat"],
}
NEUTRAL = ("write", "workers")  # they change nothing of what is printed
APART = {"where", "where of the flow", "where of a service", "fields", "sort", "limit", "write", "format json",
         "format csv", "what all", "by", "by time", "time", "flat",
         *(f"what {kind}" for kind in KINDS[1:])}  # none of them goes with --follow
NOT_BY = {"fields", "limit", "write", "time", "flat", "what all", "what summary"}  # none of them goes with --by
OF_CONTENT = {"what dns", "what http", "what tls", "what streams", "what all", "keylog", "follow", "follow hex"}
ASKING = {"where", "where of the flow", "where of a service", "fields"}
PAIRS = [(a, b) for a, b in itertools.combinations(OPTIONS, 2) if OPTIONS[a][0] != OPTIONS[b][0]]


# of each kind alone, not in pairs
ALONE = {f"what {kind}": ["--what", kind] for kind in (*KINDS, *BESIDES)} | {
    "what there is": ["--what", ",".join((*KINDS, *BESIDES))]}


def words(path: Path, folder: Path, *names: str) -> list[str]:
    """The command for these options; where there is no key log, an empty one."""
    keys = path.with_suffix(".keys")
    if not keys.exists():
        keys = folder / "none.keys"
        keys.write_bytes(b"")
    stand = {"KEYS": str(keys), "OUT": str(folder / "out.pcapng")}
    return ["read", str(path), *(stand.get(word, word) for name in names for word in (ALONE | OPTIONS)[name])]


def code_of(pair: tuple[str, str]) -> set[int]:
    """The exit codes that a pair may have."""
    if "stream limit" in pair and not {"what streams", "what all"} & set(pair):
        return {2}  # it would limit nothing
    if "no dpi" in pair and OF_CONTENT & set(pair):
        return {2}  # content is not looked at
    if any(name.startswith("follow") for name in pair):
        return {2} if APART & set(pair) else {0, 4}
    if {"by", "by time"} & set(pair) and NOT_BY & set(pair):
        return {2}
    if "flat" in pair and {"format table", "format csv", "what summary"} & set(pair):
        return {2}  # it is of JSON, and of records that have objects
    if "what summary" in pair and {*ASKING, "limit", "sort", "show secrets"} & set(pair):
        return {2}  # the summary is one, of all packets, and has none of these fields
    return {2} if set(pair) == {"what all", "format csv"} else {0}


def frames_of(path: Path) -> int:
    source = open_files([str(path)])
    count = source.drain()
    assert source.error is None
    source.close()
    return int(count)


def captures_for(number: int) -> Iterator[Path]:
    """All of them, or others for each pair."""
    return iter(OWN) if WHOLE else iter({OWN[number * step % len(OWN)] for step in (7, 31)})


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("pair", PAIRS, ids=" + ".join)
def test_pairs_of_options(pair: tuple[str, str], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for path in captures_for(PAIRS.index(pair)):
        assert run(words(path, tmp_path, *pair)) in code_of(pair), path
        told = capfdbinary.readouterr()
        assert b"Traceback" not in told.err, path
        told.out.decode("utf-8")
        rest = [name for name in pair if name not in NEUTRAL]
        if len(rest) == 1 and not rest[0].startswith("follow") and code_of(pair) == {0}:
            assert run(words(path, tmp_path, *rest)) == 0
            assert told.out == capfdbinary.readouterr().out, f"{pair} shows other things than {rest}: {path}"
        if "write" in pair and code_of(pair) == {0}:
            kept = frames_of(tmp_path / "out.pcapng")
            whole = frames_of(path)
            assert kept == (min(whole, 7) if "count" in pair else whole) or "where" in " ".join(pair), path


def kinds_alone(path: Path, folder: Path, capfdbinary: pytest.CaptureFixture[bytes], *more: str,
                besides: tuple[str, ...] = BESIDES) -> None:
    """Each kind by itself has the records that it has among all kinds, with `more` options as without."""
    codes = {run(words(path, folder, "what there is", "keylog", *more))}
    together: dict[str, list[bytes]] = {kind: [] for kind in (*KINDS, *BESIDES)}
    for line in capfdbinary.readouterr().out.splitlines():
        kind = json.loads(line)["schema"].removeprefix("netwatch.").partition("/")[0]
        together[kind if kind in together else ONE_OF[kind]].append(line)
    for kind in (*KINDS, *besides):
        if kind == "summary" and ASKING & set(more):
            continue
        codes.add(run(words(path, folder, f"what {kind}", "keylog", *more)))
        assert capfdbinary.readouterr().out.splitlines() == together[kind], f"{kind} of {path} {more}"
    assert len(codes) == 1


# captures that are read otherwise when streams are asked for, to be mended
OUTSTANDING = {"ipv6-http-atomic-frag.pcap": "the answer comes before its HTTP/0.9 request: http only with streams"}


BESIDE = {"nothing else": (), "where": ("where of the flow",), "where of a service": ("where of a service",),
          "workers": ("workers",)}


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
@pytest.mark.same
def test_a_kind_is_the_same_alone(path: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    number = OWN.index(path)
    besides = BESIDES if WHOLE else (BESIDES[number % len(BESIDES)],)
    for more in BESIDE.values() if WHOLE else ((), list(BESIDE.values())[1 + number % 3]):
        kinds_alone(path, tmp_path, capfdbinary, *more, besides=besides)


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.same
def test_alerts_come_in_one_order(shared: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Whether the bytes of flows are asked for or not, what they said is known when their protocol has read it: here of
    two flows that show one certificate, the later first."""
    kinds_alone(shared / "captures" / "ndpi" / "http_ipv6.pcap", tmp_path, capfdbinary)


@pytest.mark.usefixtures("nothing_of_this_machine")
@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.same
def test_a_kind_of_others_captures_is_the_same_alone(beside: str, shared: Path, tmp_path: Path,
                                                     capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    others = sorted(path for path in shared.rglob("*") if path.suffix in (".pcap", ".pcapng", ".cap")
                    and path.stat().st_size < (1 << 40 if WHOLE else 200_000) and "attack" not in path.parts
                    and path.name not in OUTSTANDING)
    for number, path in enumerate(others if WHOLE else others[7 * list(BESIDE).index(beside) :: 40]):
        besides = BESIDES if WHOLE else (BESIDES[number % len(BESIDES)],)
        kinds_alone(path, tmp_path, capfdbinary, *BESIDE[beside], besides=besides)
