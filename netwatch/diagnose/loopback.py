"""Which service comments on findings: of this machine alone. Apart from who asks it, which needs an HTTP client."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

ADDRESS = re.compile(r"http://(?:\[([0-9a-fA-F:]{2,39})\]|([0-9.]{7,15})):([0-9]{1,5})/?")


class Service(NamedTuple):
    host: str
    port: int


def service_of(text: str) -> Service | None:
    """Of http://127.0.0.1:11434 or the like; None of "". Raises ValueError."""
    if not text:
        return None
    parts = ADDRESS.fullmatch(text)
    host = (parts[1] or parts[2]) if parts else ""
    if parts is None or not 0 < int(parts[3]) < 65536:
        raise ValueError("http://127.0.0.1:PORT or http://[::1]:PORT is needed")
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"{host} is not on this machine: findings go to loopback addresses alone")
    return Service(host, int(parts[3]))
