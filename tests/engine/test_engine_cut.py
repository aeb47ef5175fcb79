"""A capture whose frames were cut (`tcpdump -s 64`): what counts bytes and segments counts what was on the wire,
wherever the fixed headers were captured. Options, extensions and content that are missing are neither payload nor
signatures."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from cases_carried import wlan_amsdu
from conversation import CLIENT, SERVER, Talk
from lab import frames_of, small_captures
from running import Result, run, run_capture
from surroundings import ALL, Around
from test_engine_options import AUTHENTICATION, SIGNATURE, STAMP, Optional
from wire import ACK, PSH, START, SYN, eth, ip4, spaced, syn_options, tcp, udp

COUNTED = ("packets", "bytes", "payload", "retransmits", "spurious", "out_of_order", "zero_window", "dup_acks")
KEPT = (*tuple(f"{name}_{way}" for name in COUNTED for way in ("out", "in")), "state", "initiator")
HEADS = {"tcp": 20, "udp": 8}


def counters(result: Result) -> dict[tuple[Any, ...], list[Any]]:
    """Of each flow of TCP or UDP what does not depend on its content."""
    return {
        (f["proto"], *sorted([(f["src"], f["sport"]), (f["dst"], f["dport"])]), f["first_frame"]): [
            f.get(key) for key in KEPT if key != "state" or f["proto"] == "tcp"]
        for f in result.flows if f["proto"] in HEADS
    }


def cut_to(head: bytes, records: list[bytes], snap: int) -> bytes:
    """The capture as one with this snap length has it."""
    out = [head]
    for record in records:
        size = min(struct.unpack_from("<I", record, 8)[0], snap)
        out.append(record[:8] + struct.pack("<I", size) + record[12 : 16 + size])
    return b"".join(out)


def noted(result: Result) -> set[str]:
    """What is said of any packet, but that it was cut."""
    return {note for p in result.packets for note in p.get("notes", ())} - {"cut by snap length"}


SNAPS = range(54, 201, 7)


@pytest.mark.parametrize("path", small_captures(), ids=lambda path: path.stem)
def test_a_cut_capture_counts_what_was_on_the_wire(path: Path) -> None:
    """At a fifth of the snap lengths each; all captures together have all of them."""
    head, records = frames_of(path)
    whole = counters(run_capture(path.read_bytes(), kinds=("flows",), dpi=False))
    for snap_length in SNAPS[len(path.stem) % 5 :: 5]:
        cut = counters(run_capture(cut_to(head, records, snap_length), kinds=("flows",), dpi=False))
        for key, counted in whole.items():
            if snap_length >= 14 + (40 if ":" in key[1][0] else 20) + HEADS[key[0]]:
                assert cut[key] == counted, (snap_length, key)


DATA = b"x" * 300


def inner_exchange(around: Around, name: int) -> list[bytes]:
    ends = ("10.0.0.1", "10.0.0.2")
    parts = [(tcp(40000, 80, SYN, 1000, 0), 0), (tcp(80, 40000, SYN | ACK, 5000, 1001), 1),
             (tcp(40000, 80, PSH | ACK, 1001, 5001, DATA, options=STAMP), 0),
             (tcp(80, 40000, PSH | ACK, 5001, 1301, DATA, options=STAMP), 1),
             (tcp(40000, 80, PSH | ACK, 1301, 5301, DATA, options=STAMP), 0)]
    return [around(ip4(6, part, *ends[:: -1 if back else 1]), name, bool(back)) for part, back in parts]


@pytest.mark.parametrize("name", ALL)
def test_a_packet_in_a_cut_frame(name: str) -> None:
    """In every tunnel and behind every tag."""
    link, around = ALL[name]
    frames = inner_exchange(around, 1)
    least = max(frame.index(struct.pack(">HH", *ports)) for frame, ports in
                zip(frames, [(40000, 80), (80, 40000)] * 3, strict=False)) + 20
    whole = counters(run(spaced(frames), link, dpi=False))
    for snap_length in range(least, least + 40, 3):
        assert counters(run(spaced(frames), link, snaplen=snap_length, dpi=False)) == whole, snap_length


@pytest.mark.parametrize("options", [STAMP, SIGNATURE, AUTHENTICATION, STAMP + SIGNATURE, b"\1" * 40])
def test_options_that_were_not_captured_are_no_payload(options: bytes) -> None:
    talk = Optional(options).open()
    for _ in range(3):
        talk.say(SERVER, DATA).ack(CLIENT)
    whole = counters(run(talk.frames))
    for snap_length in range(54, 54 + len(options) + 20):
        result = run(talk.frames, snaplen=snap_length, kinds=("flows", "packets"))
        assert counters(result) == whole and not noted(result), snap_length


def test_signatures_of_which_only_some_were_captured() -> None:
    """The options of SYNs are longer than those of other segments, and are the first that a snap length cuts."""
    talk = Optional(SIGNATURE)
    for side, flags in ((CLIENT, SYN), (SERVER, SYN | ACK)):
        talk.segment(side, flags, options=b"\1" * 20 + SIGNATURE[2:] + b"\1\1", ack=0 if side == CLIENT else None)
        talk.seq[side] += 1
    talk.ack(CLIENT).say(CLIENT, b"keepalive").ack(SERVER)
    for snap_length in (60, 80, 90, 262144):
        result = run(talk.frames, snaplen=snap_length, kinds=("flows", "packets"))
        assert result.flow["state"] == "ESTABLISHED" and not noted(result), snap_length


def test_a_window_whose_scale_was_not_captured() -> None:
    """It may be as large as any: what lies in it is not outside."""
    talk = Talk()
    for side, flags in ((CLIENT, SYN), (SERVER, SYN | ACK)):
        talk.segment(side, flags, options=b"\1" * 12 + syn_options(scale=10), ack=0 if side == CLIENT else None)
        talk.seq[side] += 1
    talk.ack(CLIENT, window=1000)
    for _ in range(40):
        talk.say(SERVER, b"x" * 1400)
    talk.skip(SERVER, 100_000).say(SERVER, DATA)
    for snap_length in (60, 262144):
        result = run(talk.frames, snaplen=snap_length, kinds=("flows", "packets"))
        assert not noted(result) - {"previous bytes missing"}, snap_length


def test_an_aggregate_that_was_cut() -> None:
    """Each sub-frame that was captured up to its ports counts what it has on the wire."""
    bodies = [ip4(17, udp(9, n, b"x" * (100 + n)), f"10.0.0.{n}", "10.1.0.1") for n in range(1, 6)]
    frame = wlan_amsdu(*bodies)
    whole = counters(run([(START, frame)], 105))
    for snap_length in range(80, len(frame)):
        cut = counters(run([(START, frame)], 105, snaplen=snap_length))
        assert cut and all(whole[key] == counted for key, counted in cut.items()), snap_length


def test_padding_behind_a_length_is_no_payload() -> None:
    """IEEE 802.3 clause 3.2.6: captured or not."""
    body = b"\x42\x42\3" + bytes(35)
    frame = eth(body + b"\xff" * 40, len(body))
    for snap_length in (40, 60, 200):
        assert run([(START, frame)], snaplen=snap_length).flow["payload_out"] == 35
