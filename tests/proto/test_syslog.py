"""syslog: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk
from talk_syslog import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import syslog


def make():
    return Probe("syslog")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, syslog, talk)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"<34>Oct 11 22:14:15 host su: x\n", 92),
        (b"<165>1 2003-10-11T22:14:15Z h a - - -\n", 95),
        (b"<192>Oct 11 22:14:15 host su: x\n", 0),
        (b"<34>hello world\n", 0),
        (b"<34>hello world, this is a longer line\n", 0),
        (b"<html>", 0),
        (b"21 <34>Oct 11 22:14:15 x", 92),
        (b"21 GET", 0),
        (b"<34", -1),
        (b"220 ready\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


@pytest.mark.parametrize(("port", "sure"), [(514, 75), (5000, 0)])
def test_a_datagram_without_a_date_is_believed_on_its_port_alone(port, sure):
    probe = Probe("syslog", datagram=True, dport=port)
    assert probe.detect(b"<134>854 CONFIG started") == sure
    probe.feed(0, b"<134>854 CONFIG started\n\0")
    obj = syslog.describe(probe.facts)
    assert obj == {"message": "854 CONFIG started", "facility": "local0", "severity": "info"}


@pytest.mark.parametrize(("rest", "data", "message"), [
    (b"-", None, None),
    (b"- hello", None, "hello"),
    (b"- \xef\xbb\xbfhello", None, "hello"),
    (b"-hello", None, "-hello"),
    (b'[a@1 x="1"]', '[a@1 x="1"]', None),
    (b'[a@1 x="1"][b y="]\\" "] hello [c]', '[a@1 x="1"][b y="]\\" "]', "hello [c]"),
    (b'[a@1 x="1] hello', None, '[a@1 x="1] hello'),
    (b"[a", None, "[a"),
    (b'[a x="\\', None, '[a x="\\'),
])
def test_structured_data_is_no_part_of_the_message(rest, data, message):
    """RFC 5424 sections 6.3 and 6.4."""
    probe = Probe("syslog", datagram=True, dport=514)
    probe.feed(0, b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 " + rest)
    obj = syslog.describe(probe.facts)
    assert (obj.get("data"), obj.get("message")) == (data, message)
