"""For any bytes, cut in any way, the RTSP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rtsp

SEEDS = [
    pack(
        [
            (0, b"OPTIONS rtsp://u:pw@cam/1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vlc\r\n\r\n"),
            (1, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: gst\r\nContent-Length: 3\r\n\r\nabc"),
            (0, b"SETUP rtsp://cam/1 RTSP/1.0\r\nTransport: RTP/AVP;unicast\r\n\r\n"),
            (1, b"RTSP/1.0 401 No\r\nSession: 9\r\n\r\n"),
            (0, b"PLAY rtsp://cam/1 RTSP/1.0\r\n\r\n"),
            (1, b"RTSP/1.0 200 OK\r\n\r\n$\x00\x00\x04abcd"),
        ]
    ),
]


def show(result: tuple) -> None:
    rtsp.label(rtsp.describe(result[1]))
    rtsp.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("rtsp"), show), SEEDS)
