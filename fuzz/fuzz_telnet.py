"""For any bytes, cut in any way, the Telnet parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import telnet

SEEDS = [
    pack(
        [
            (1, b"\xff\xfd\x18\xff\xfb\x01"),
            (0, b"\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00P\x00\x18\xff\xf0"),
            (1, b"\xff\xfa\x18\x01\xff\xf0"),
            (0, b"\xff\xfa\x18\x00xterm\xff\xf0"),
            (1, b"Debian\r\nhost login: "),
            (0, b"frex\x7fd\r\x00"),
            (1, b"fred\r\nPassword: "),
            (0, b"s3cret\r\n"),
            (1, b"\r\n$ "),
        ]
    ),
]


def show(result: tuple) -> None:
    telnet.label(telnet.describe(result[1]))
    telnet.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("telnet"), show), SEEDS)
