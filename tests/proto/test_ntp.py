"""NTP: version, modes, stratum, round trip by the echoed time; control and private modes; other ports."""

from datagrams import check_datagrams, flow, said
from messages import CONVERSATIONS, NOW, NTP_ASK, NTP_SAY
from messages import ntp as message

from netwatch._fast.proto import ntp


def test_both_directions():
    probe = said("ntp", [(0, NTP_ASK), (1, NTP_SAY)])
    obj = ntp.describe(probe.facts)
    # 1500 us between the datagrams, of which the server says it held the request 2^22 / 2^32 s: 976.6 us
    assert obj.pop("rtt_us") == 523
    assert obj == {"version": 4, "modes": ["client", "server"], "stratum": 2, "reference": "192.0.2.7"}
    assert ntp.label(obj) == "NTPv4 client, server"
    assert probe.initiator == 0


def test_an_answer_to_another_request_gives_no_round_trip():
    assert "rtt_us" not in ntp.describe(said("ntp", [(0, NTP_ASK), (1, NTP_SAY[:30] + b"x" + NTP_SAY[31:])]).facts)


def test_a_clock_has_a_name():
    say = message(4, stratum=1, ref=b"GPS\0", times=(0, NOW, NOW, NOW))
    assert ntp.describe(said("ntp", [(1, say)]).facts)["reference"] == "GPS"


def test_private_and_control():
    obj = ntp.describe(said("ntp", CONVERSATIONS["ntp"][2:]).facts)
    assert (obj["modes"], obj["request"]) == (["private", "control"], "implementation 3 request 42")


def test_other_ports_need_more():
    assert flow("ntp", 4321).detect(NTP_ASK) == 55
    assert flow("ntp", 4321).detect(NTP_SAY) == 70
    assert flow("ntp", 4321).detect(bytes([0x23]) + bytes(47)) == 0
    assert flow("ntp", 123).detect(bytes([0x23, 99]) + bytes(46)) == 0
    assert flow("ntp", 123).detect(bytes(48)) == 0


def test_hostile():
    check_datagrams("ntp", ntp)
