"""What listens or is bound is told with its owner, by each method, and by the helper as by the process itself."""
from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from netwatch.capture.capd.client import Helper
from netwatch.model.host import Unavailable
from netwatch.model.machine import BoundSocket
from netwatch.platform.host import ThisMachine

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs Linux, and root")


@pytest.fixture
def ports() -> Iterator[dict[int, int]]:
    """Ports of this process: protocol of each."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        yield {tcp.getsockname()[1]: 6, udp.getsockname()[1]: 17}


def mine(sockets: list[BoundSocket]) -> dict[int, int]:
    return {each.port: each.proto for each in sockets if each.process.pid == os.getpid()}


@pytest.mark.parametrize("host", [ThisMachine, Helper])
def test_its_own_sockets_are_found(host: type[ThisMachine | Helper], ports: dict[int, int]) -> None:
    asked = host()
    try:
        asked.find_owners()
        ends = time.monotonic() + 10
        while mine(asked.bound_sockets()) != ports and time.monotonic() < ends:
            time.sleep(0.1)
        found = {each.port: each for each in asked.bound_sockets()}
        assert mine(list(found.values())) == ports
        for port, proto in ports.items():
            assert (found[port].address, found[port].listening) == (b"\x7f\0\0\1", proto == 6)
            assert found[port].process.name and found[port].method
    finally:
        asked.close()


def test_nobody_looks_for_owners() -> None:
    with pytest.raises(Unavailable, match="owners are not looked for"):
        ThisMachine().bound_sockets()
