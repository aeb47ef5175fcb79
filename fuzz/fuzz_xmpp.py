"""For any bytes, cut in any way, the XMPP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import xmpp

SEEDS = [
    pack(
        [
            (
                0,
                (
                    b"<?xml version='1.0'?><stream:stream to='example.org' from=\"fred@example.o"
                    b"rg\" xmlns='jabber:client' version='1.0'>"
                ),
            ),
            (
                1,
                (
                    b"<stream:stream id='1' from='example.org' xmlns='jabber:client'><stream:featur"
                    b"es><mechanisms><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism>"
                    b"</mechanisms></stream:features>"
                ),
            ),
            (0, (b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGZyZWQAczNjcmV0</auth>")),
            (1, (b"<success/><iq type='result'><bind><jid>fred@example.org/home</jid></bind></iq>")),
            (0, b"<presence/>"),
        ]
    ),
    pack(
        [
            (0, b"<stream:stream to='example.org'>"),
            (1, b"<stream:stream id='1'><stream:features><starttls/></stream:features>"),
            (0, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (1, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ]
    ),
]


def show(result: tuple) -> None:
    xmpp.label(xmpp.describe(result[1]))
    xmpp.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("xmpp"), show), SEEDS)
