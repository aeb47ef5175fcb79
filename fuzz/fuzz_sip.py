"""For any bytes, cut in any way, the SIP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import sip

SEEDS = [
    pack(
        [
            (
                0,
                (
                    b'INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <sip:a'
                    b"l:pw@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c1@h\r\nUser-"
                    b'Agent: phone/1\r\nAuthorization: Digest username="al", realm="x"\r\nContent-L'
                    b"ength: 4\r\n\r\nbody"
                ),
            ),
            (
                1,
                (
                    b"SIP/2.0 180 Ringing\r\nf: sip:al@example.com;tag=1\r\nTo: <sip:bob@example.or"
                    b"g>;tag=2\r\ni: c1@h\r\nServer: pbx\r\nl: 0\r\n\r\nSIP/2.0 200 OK\r\nf: sip:al"
                    b"@example.com;tag=1\r\nTo: <sip:bob@example.org>;tag=2\r\ni: c1@h\r\nServer: p"
                    b"bx\r\nl: 0\r\n\r\n"
                ),
            ),
            (
                0,
                (
                    b'\r\n\r\nACK sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <'
                    b"sip:al:pw@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c2@h\r\n"
                    b'User-Agent: phone/1\r\nAuthorization: Digest username="al", realm="x"\r\nCont'
                    b"ent-Length: 4\r\n\r\nbody"
                ),
            ),
        ]
    ),
]


def show(result: tuple) -> None:
    sip.label(sip.describe(result[1]))
    sip.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("sip"), show), SEEDS)
