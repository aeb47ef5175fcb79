"""ONC RPC and NFS: whole conversations, however cut, in records and in datagrams; pairing, fragments, holes."""

import pytest
from conversation import Talk
from cuts import same_however_cut
from running import run
from spoken import (
    check_holes,
    check_hostile,
    check_joined,
    check_strangers,
    check_talk,
    flow,
    shown,
    told,
    without_times,
)
from talk_rpc import DATAGRAMS, FILES, MOUNTED, NFS, PORTMAPPER, TALKS, call, denied, record, reply, split, text, word

from netwatch._fast.out.probe import MORE_BYTES, NOT_MINE, OK


@pytest.mark.parametrize(("turns", "code", "initiator", "obj", "label"), TALKS)
def test_a_conversation(turns, code, initiator, obj, label):
    check_talk("rpc", turns, code, initiator, obj, label)


def test_nfs():
    check_talk("nfs", FILES, OK, 0, NFS, "RPC nfs 3 client-7")


@pytest.mark.parametrize(("turns", "talk"), list(zip(DATAGRAMS, TALKS, strict=True)))
def test_the_same_in_datagrams(turns, talk):
    probe = told("rpc", turns)
    obj = shown("rpc", probe.facts)
    assert obj.pop("latency_us") == 1500
    assert (obj, probe.initiator, probe.malformed) == (talk[3], 0, 0)


def test_which_of_the_two_it_is():
    nfs, mount = call(1, 100003, 3, 0), call(1, 100005, 3, 0)
    for name, own, other in (("nfs", nfs, mount), ("rpc", mount, nfs)):
        assert flow(name, 4321).detect(record(own)) == 95
        assert flow(name, 4321, datagram=True).detect(own) == 95
        assert flow(name, 4321).detect(record(other)) == 0
        assert flow(name, 4321, datagram=True).detect(other) == 0
    for port, name, sure in ((2049, "nfs", 80), (111, "rpc", 80), (4321, "rpc", 66), (2049, "rpc", 0), (111, "nfs", 0)):
        assert flow(name, port).detect(record(reply(7, bytes(8)))) == sure
        assert flow(name, port, datagram=True).detect(reply(7, bytes(8))) == sure


def test_detection():
    whole = record(call(7, 100005, 3, 1, text(b"/srv")))
    assert flow("rpc").detect(whole[:27]) == MORE_BYTES
    assert flow("rpc").detect(whole[:28]) == 95
    for at, value in ((0, 1), (4 + 7, 2), (4 + 11, 3), (4 + 12, 0x70), (4 + 18, 9), (4 + 27, 9), (4 + 30, 2)):
        assert flow("rpc", 4321).detect(whole[:at] + bytes([value]) + whole[at + 1 :]) == 0, at
    datagram = call(7, 100005, 3, 1, text(b"/srv"))
    assert flow("rpc", datagram=True).detect(datagram + b"x") == 0
    assert flow("rpc", datagram=True).detect(datagram[:40]) == 0
    assert flow("rpc", 4321, datagram=True).detect(denied(3)) == 66
    assert flow("rpc", 4321, datagram=True).detect(denied(0)) == 0


def test_joined_anywhere():
    check_joined("nfs", FILES)
    for turns, *_ in TALKS:
        check_joined("rpc", turns, port=111)


def test_after_holes():
    check_holes("nfs", FILES)
    check_holes("rpc", TALKS[1][0])


def test_a_lost_call_shifts_no_answer():
    probe = flow("rpc")
    probe.feed(0, record(call(9, 100000, 2, 0)))
    probe.lost(0, len(record(call(1, 100000, 2, 3, word(100003, 3, 6, 0)))))
    probe.feed(0, record(call(2, 100000, 2, 3, word(100005, 3, 6, 0))))
    probe.feed(1, record(reply(1, word(2049)), reply(2, word(777))))
    assert shown("rpc", probe.facts)["ports"] == ["mount 3 777/tcp"]


def test_a_record_in_many_fragments():
    message = call(5, 100003, 3, 3, FILES[0][1][72:])
    pieces = word(300) + message.ljust(300, b"\0") + word(400) + bytes(400) + word(0x80000000 | 8) + bytes(8)
    turns = [(0, pieces + record(call(6, 100003, 3, 1)))]
    obj = shown("nfs", same_however_cut(lambda: flow("nfs"), turns)["facts"])
    assert (obj["calls"], obj["procedures"]) == (2, ["nfs LOOKUP", "nfs GETATTR"])
    assert flow("nfs").detect(split(message.ljust(600, b"\0"), 300)) == 95
    assert flow("nfs").detect(split(message, 60)) == 0, "no sender makes so small a first fragment"


def test_what_follows_must_fit():
    probe = flow("rpc")
    probe.feed(0, record(call(1, 100005, 3, 0)))
    rubbish = b"\x80\0\0\x30 not a call at all, but as long" + bytes(30)
    assert probe.feed(0, rubbish + record(call(2, 100005, 3, 4))) == OK
    assert (probe.malformed, shown("rpc", probe.facts)["procedures"]) == (1, ["mount NULL", "mount UMNTALL"])
    probe = flow("rpc")
    assert probe.feed(1, record(reply(1))) == OK
    assert probe.feed(1, b"HTTP/1.1 200 OK\r\nServer: x\r\n") == NOT_MINE


def test_broken_datagrams():
    assert told("rpc", [(0, b"\0" * 60)]).code == NOT_MINE
    probe = told("rpc", [PORTMAPPER[0], (1, reply(1)[:-2])])
    assert (probe.code, probe.malformed) == (OK, 1)


def test_a_retransmitted_call_is_one_answer():
    probe = told("rpc", [MOUNTED[0], MOUNTED[0], MOUNTED[1], MOUNTED[1]])
    assert shown("rpc", probe.facts)["latency_us"] == 3000, "since it was first asked"


@pytest.mark.parametrize("body", [
    text(b"") + word(1, 2, 24, 38) + bytes(40),
    text(b"") + word(1, 3, 24, 2, 15) + text(b"hidden"),
    text(b"") + word(1, 3, 24, 76, 15) + text(b"hidden"),
    text(b"") + word(1, 4, 24, 9, 99) + bytes(80) + word(15) + text(b"hidden"),
])
def test_a_compound_is_read_up_to_what_is_not_known(body):
    obj = shown("nfs", told("nfs", [(0, call(4, 100003, 4, 1, body))]).facts)
    assert "files" not in obj and "nfs PUTROOTFH" in obj["procedures"]


def test_names_of_unknown_numbers():
    turns = [(0, call(1, 200100, 7, 12, cred=word(390003) + text(b"token"))), (1, reply(1, stat=2)),
             (0, call(2, 395183, 1, 10, cred=word(0, 0))), (1, word(2, 1, 1, 0, 2, 2))]
    assert without_times(shown("rpc", told("rpc", turns).facts)) == {
        "programs": ["program 200100 7", "vxi11_core 1"],
        "procedures": ["program 200100 procedure 12", "vxi11_core procedure 10"], "calls": 2, "auth": ["krb5", "none"],
        "errors": ["program version mismatch", "RPC version mismatch"],
    }


@pytest.mark.parametrize("program", [100000, 100005, 200100])
@pytest.mark.parametrize("procedure", [0x100, 0x102, 0x103, 0x180, 0x1FF])
def test_numbers_of_other_programs_are_no_operations_of_nfs(program, procedure):
    """What marks the operations of a COMPOUND is also a number that a stranger may call."""
    (said,) = shown("rpc", told("rpc", [(0, call(1, program, 2, procedure)), (1, reply(1))]).facts)["procedures"]
    assert said.endswith(f"procedure {procedure}")


def test_strangers():
    check_strangers("rpc")
    check_strangers("nfs")


def test_hostile():
    check_hostile("rpc")
    check_hostile("nfs")


@pytest.mark.parametrize("turns", DATAGRAMS)
def test_what_is_called_at_the_port_of_nfs_is_answered_there(turns):
    """Its access lists and mounts are programs of their own there: an answer says no program."""
    talk = Talk(dport=2049).open()
    for side, data in turns:
        talk.say(side, record(data))
    flow = run(talk.close().frames).flow
    assert (flow["app_stack"], flow["rpc"]["calls"]) == (["rpc"], 3)
