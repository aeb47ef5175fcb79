"""For any bytes, cut in any way, HTTP's parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http import text as http

SEEDS = [
    pack(
        [
            (0, b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nCookie: a=b\r\n\r\n"),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: s\r\n\r\nhello"),
        ]
    ),
    pack(
        [
            (0, b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n"),
            (1, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n"),
        ]
    ),
    pack(
        [
            (0, b"HEAD / HTTP/1.1\r\n\r\nGET http://u:p@h/ HTTP/1.1\nHost: z\n folded\n\n"),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end"),
        ]
    ),
    pack([(0, b"CONNECT h:443 HTTP/1.1\r\n\r\n\x16\x03\x01"), (1, b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03")]),
    pack([(0, b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), (1, b"HTTP/1.1 101 Switching\r\n\r\n\x81\x05hello")]),
]


def show(result: tuple) -> None:
    http.label(http.describe(result[1]))
    for event in result[2]:
        http.record(event[4])
        http.record(event[4], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("http"), show), SEEDS)
