"""Several mails in one connection of SMTP, a segment of which the capture lacks: all others are told, and nothing that
their texts say."""

from __future__ import annotations

import pytest
from conversation import Talk
from running import run
from talks import Turns

MAILS: Turns = [(1, b"220 mx ESMTP\r\n"), (0, b"EHLO a\r\n"), (1, b"250 OK\r\n")]
for _n in range(3):
    MAILS += [(0, b"MAIL FROM:<a%d@x>\r\n" % _n), (1, b"250 ok\r\n"),
              (0, b"RCPT TO:<b%d@y>\r\n" % _n), (1, b"250 ok\r\n"),
              (0, b"DATA\r\n"), (1, b"354 go\r\n"), (0, b"Subject: %d\r\n\r\ntext\r\n" % _n), (0, b"QUIT\r\n.\r\n"),
              (1, b"250 queued\r\n")]
MAILS += [(0, b"QUIT\r\n"), (1, b"221 bye\r\n")]


@pytest.mark.parametrize("lost", range(len(MAILS)))
def test_every_other_mail_is_told_whatever_segment_is_lost(lost):
    """A hole in a text is passed; one where it begins or ends is shown by what the server says."""
    talk = Talk(dport=25).open()
    for number, (side, data) in enumerate(MAILS):
        if number == lost:
            talk.skip(side, len(data)).ack(1 - side)
        else:
            talk.say(side, data).ack(1 - side)
    obj = run(talk.frames).flow["smtp"]
    said = {*obj["from"], *obj["to"]}
    whole = {word for n in range(3) for word in (f"a{n}@x", f"b{n}@y")}
    own = {address for n in range(3) for address in (f"a{n}@x", f"b{n}@y") if address.encode() in MAILS[lost][1]}
    assert whole - own == said and set(obj["commands"]) <= {"EHLO", "MAIL", "RCPT", "DATA", "QUIT"}
