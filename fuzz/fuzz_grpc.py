"""Whatever fields a gRPC call has, its record and the flow's object can be made, and describing any facts is safe."""

from driver import pack, run, turns_of

from netwatch._fast.proto import grpc
from netwatch.decrypt.transaction import Transaction

NAMES = (b":path", b":status", b"grpc-status", b"grpc-message", b"x")
SEEDS = [
    pack([(0, b"\x00/pkg.Greeter/Hello"), (1, b"\x02" + b"5"), (1, b"\x03not found")]),
    pack([(0, b"\x00no slash"), (1, b"\x02" + b"999999999999"), (1, b"\x03\xff\x00")]),
]


def target(data: bytes) -> None:
    call = Transaction()
    call.request.head([(b"content-type", b"application/grpc")], 1)
    facts = []
    for side, part in turns_of(data):
        message = call.response if side else call.request
        field = (NAMES[part[0] % len(NAMES)], part[1:]) if part else (b"", b"")
        message.head([*message.fields, field], 2)
        facts.append((part[0] % 6 if part else 0, part))
    found = call.record("2", False)
    assert found["grpc"] is not None and all(isinstance(value, str) for value in found["grpc"].values())
    grpc.label(grpc.describe(facts))


if __name__ == "__main__":
    run(target, SEEDS)
