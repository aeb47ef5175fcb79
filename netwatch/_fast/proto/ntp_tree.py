"""Fields of NTP's messages, RFC 5905 section 7.3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, hexed, text, u8, u32

MODES = {
    1: "symmetric active",
    2: "symmetric passive",
    3: "client",
    4: "server",
    5: "broadcast",
    6: "control",
    7: "private",
}
LEAP = {0: "no warning", 1: "61 seconds", 2: "59 seconds", 3: "not synchronized"}
EPOCH = 2_208_988_800  # of 1970, in seconds since 1900


def _time(raw: bytes) -> str:
    """RFC 5905 section 6: seconds since 1900 and a fraction."""
    import time

    seconds, part = int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:], "big")
    if not seconds:
        return "none"
    shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds - EPOCH))
    return f"{shown}.{part * 10**9 >> 32:09d}Z"


def _reference(raw: bytes) -> str:
    return text(raw.rstrip(b"\0")) if raw.rstrip(b"\0").isalnum() and raw[0] > 64 else ".".join(map(str, raw))


def _signed(raw: bytes) -> str:
    return f"{int.from_bytes(raw, 'big', signed=True) / 65536:.6f} s"


TREE = Layout(
    "ntp",
    "NTP",
    (
        u8(
            "ntp.flags",
            "Flags",
            base="x",
            bits=(
                Bits("ntp.flags.li", "Leap indicator", 0xC0, LEAP),
                Bits("ntp.flags.vn", "Version", 0x38),
                Bits("ntp.flags.mode", "Mode", 0x07, MODES),
            ),
        ),
        Choice(
            "ntp.flags.mode",
            {6: (hexed("ntp.ctrl", "Control message"),), 7: (hexed("ntp.priv", "Private message"),)},
            (
                u8("ntp.stratum", "Stratum"),
                u8("ntp.ppoll", "Poll interval, log2 s"),
                u8("ntp.precision", "Precision, log2 s"),
                Raw("ntp.rootdelay", "Root delay", 4, _signed),
                Raw("ntp.rootdispersion", "Root dispersion", 4, _signed),
                Raw("ntp.refid", "Reference", 4, _reference),
                Raw("ntp.reftime", "Reference time", 8, _time),
                Raw("ntp.origin", "Origin time", 8, _time),
                Raw("ntp.rec", "Receive time", 8, _time),
                Raw("ntp.xmt", "Transmit time", 8, _time),
                Choice(
                    lambda at, seen: at.left >= 20,
                    {True: (u32("ntp.keyid", "Key id"), hexed("ntp.mac", "Message authentication code"))},
                ),
            ),
        ),
    ),
    "v{ntp.flags.vn} {ntp.flags.mode}, stratum {ntp.stratum}",
)
