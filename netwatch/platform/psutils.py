"""What psutil knows of every system in the same way: sockets, counters, addresses. The last resort of each platform."""

from __future__ import annotations

import socket
from types import ModuleType
from typing import TYPE_CHECKING

from netwatch.model.host import Unavailable
from netwatch.model.machine import Counters, Link
from netwatch.platform.base import TCP, UDP, Socket, is_loopback, packed

if TYPE_CHECKING:
    import psutil

TUNNELS = ("utun", "tun", "tap", "wg", "gif", "stf", "ppp", "ipsec")     # names that the BSDs give them


def _psutil() -> ModuleType:
    try:
        import psutil
    except ImportError:
        raise Unavailable("psutil is not installed") from None
    found: ModuleType = psutil
    return found


def sockets() -> list[Socket]:
    """TCP and UDP sockets with their pids. Raises Unavailable (macOS: for anybody but root)."""
    psutil = _psutil()
    try:
        rows = psutil.net_connections("inet")
    except (psutil.Error, OSError, NotImplementedError) as e:
        raise Unavailable(f"psutil: {e}") from None
    return [Socket(TCP if row.type == socket.SOCK_STREAM else UDP, *_end(row.laddr), *_end(row.raddr),
                   state="LISTEN" if row.status == "LISTEN" else row.status, pids=(row.pid,) if row.pid else ())
            for row in rows]


def counters() -> list[Counters]:
    """Every interface. Raises Unavailable."""
    psutil = _psutil()
    try:
        seen, facts = psutil.net_io_counters(pernic=True), psutil.net_if_stats()
    except (psutil.Error, OSError) as e:
        raise Unavailable(f"psutil: {e}") from None
    found = []
    for name, c in seen.items():
        fact = facts.get(name)
        found.append(Counters(
            name, c.bytes_recv, c.bytes_sent, c.packets_recv, c.packets_sent, c.errin, c.errout, c.dropin, c.dropout,
            up=fact.isup if fact else None, mtu=fact.mtu if fact else None,
            speed_mbps=(fact.speed or None) if fact else None))
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used since it began. Raises Unavailable."""
    psutil = _psutil()
    try:
        spent = psutil.Process(pid).cpu_times()
    except (psutil.Error, OSError) as e:
        raise Unavailable(f"psutil: {e}") from None
    return float(spent.user + spent.system)


def addresses() -> frozenset[bytes]:
    """The addresses of all interfaces; none when they cannot be asked for."""
    found = set()
    try:
        listed = _psutil().net_if_addrs()
    except (Unavailable, OSError):
        return frozenset()
    for each in listed.values():
        for a in each:
            if a.family in (socket.AF_INET, socket.AF_INET6):
                try:
                    found.add(packed(a.address))
                except ValueError:
                    continue
    return frozenset(found)


def links() -> list[Link]:
    """Every interface with its addresses; what it is only where its name or addresses say so. Raises Unavailable."""
    psutil = _psutil()
    try:
        listed, facts = psutil.net_if_addrs(), psutil.net_if_stats()
    except (psutil.Error, OSError) as e:
        raise Unavailable(f"psutil: {e}") from None
    found = []
    for name, each in listed.items():
        held = []
        for a in each:
            if a.family in (socket.AF_INET, socket.AF_INET6):
                try:
                    address = packed(a.address)
                    held.append((address, _prefix(a.netmask, len(address))))
                except ValueError:
                    continue
        kind = "loopback" if any(is_loopback(address) for address, _ in held) else \
            "tunnel" if name.startswith(TUNNELS) else ""
        duplex = {2: "full", 1: "half"}.get(int(facts[name].duplex), "") if name in facts else ""
        found.append(Link(name, kind, tuple(held), duplex=duplex))
    return found


def _prefix(mask: str | None, octets: int) -> int:
    """How many bits a netmask has; all of them when it is not told."""
    return sum(octet.bit_count() for octet in packed(mask)) if mask else 8 * octets


def _end(pair: psutil._common.addr) -> tuple[bytes, int]:
    if not pair:
        return b"", 0
    address = packed(pair.ip)
    return (address if any(address) else b""), pair.port
