"""The policy of egress: what each program may talk to, in egress-policy.toml.

    strict = true                        # a program without a table here may talk to nobody

    [program.curl]                       # a program's name, or where none is known the address that began the flow
    allow_sni = ["api.example.org", "*.example.com"]
    allow_ip = ["192.0.2.0/24"]
    allow_asn = [64500]
    allow_ports = [443]                  # without it any port
    block_sni = []                       # and block_ip, block_asn, block_ports, which come first

A name is what the flow itself says (TLS, QUIC, HTTP). With Encrypted Client Hello that name stands for many, so that
only addresses and networks can allow it: the verdict is then one of its own.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import NamedTuple

from netwatch.store import files

SNI, IP, ASN, BLOCKED, ECH, DRIFT, NO_RULE, UNDECLARED = (
    "sni", "ip", "asn", "blocked", "ech", "drift", "no-rule", "undeclared")
VIOLATIONS = frozenset({BLOCKED, ECH, DRIFT, UNDECLARED})
LISTS = ("sni", "ip", "asn", "ports")
Network = IPv4Network | IPv6Network


class PolicyError(Exception):
    """One line for the user; `refused`: the file is there, and may not be trusted; `missing`: it is not there."""

    def __init__(self, message: str, refused: bool = False, missing: bool = False) -> None:
        super().__init__(message)
        self.refused, self.missing = refused, missing


class Destination(NamedTuple):
    """Where a flow goes: the name that it says, "" none; `ech`: that name stands for others."""

    name: str
    address: str
    port: int | None
    asn: int | None
    ech: bool


class Verdict(NamedTuple):
    """`word` is one of those above; `by`: the entry that decided, "" none."""

    word: str
    by: str = ""

    @property
    def bad(self) -> bool:
        return self.word in VIOLATIONS


@dataclass(frozen=True)
class Entries:
    """Those of one table that allow, or that block."""

    sni: tuple[str, ...] = ()
    ip: tuple[Network, ...] = ()
    asn: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()

    def match(self, to: Destination) -> Verdict | None:
        """The entry that the destination falls under, whatever its port."""
        if to.name and not to.ech:
            for pattern in self.sni:
                if fits(to.name, pattern):
                    return Verdict(SNI, pattern)
        address = ip_address(to.address)
        for network in self.ip:
            if address.version == network.version and address in network:
                return Verdict(IP, str(network))
        return Verdict(ASN, str(to.asn)) if to.asn in self.asn else None


@dataclass(frozen=True)
class Policy:
    """As the file has it."""

    strict: bool
    programs: Mapping[str, tuple[Entries, Entries]]  # what is allowed, and what is blocked

    def judge(self, who: str, to: Destination) -> Verdict:
        """What the policy says of a program that talks to it."""
        found = self.programs.get(who)
        if found is None:
            return Verdict(UNDECLARED if self.strict else NO_RULE)
        allowed, blocked = found
        hit = blocked.match(to)
        if hit is not None or (to.port is not None and to.port in blocked.ports):
            return Verdict(BLOCKED, hit.by if hit is not None else f"port {to.port}")
        hit = allowed.match(to)
        if hit is not None and (not allowed.ports or to.port in allowed.ports):
            return hit
        return Verdict(ECH if to.ech and hit is None else DRIFT)


def fits(name: str, pattern: str) -> bool:
    """Is it that name, or with *. one below it? Case does not matter (RFC 4343)."""
    name, pattern = name.rstrip(".").lower(), pattern.rstrip(".").lower()
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and len(name) > len(pattern) - 1
    return name == pattern


def load(path: Path) -> Policy:
    """Read a policy, which nobody but its owner and root may be able to write. Raises PolicyError."""
    try:
        distrust = untrusted(path)
        if distrust:
            raise PolicyError(f"{path}: {distrust}; who can write it decides what is allowed", refused=True)
        return parse(files.read_text(path), str(path))
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: not UTF-8") from None
    except OSError as e:
        raise PolicyError(f"{path}: {e.strerror}", refused=isinstance(e, PermissionError),
                          missing=isinstance(e, FileNotFoundError | NotADirectoryError)) from None


def untrusted(path: Path) -> str:
    """Why the file, or its folder, cannot be trusted; "" it can. Raises OSError."""
    if os.name != "posix":
        return ""
    for what, each in (("", path), ("its folder ", path.parent)):
        about = os.stat(each)
        if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not (what and about.st_mode & stat.S_ISVTX):
            return f"{what}can be written by others (chmod go-w {each})"
    return ""


def parse(text: str, name: str) -> Policy:
    """Raises PolicyError, which says where."""
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise PolicyError(f"{name}: {e}") from None
    except RecursionError:
        raise PolicyError(f"{name}: nested too deeply") from None
    _known(name, whole, ("strict", "program"))
    strict, programs = whole.get("strict", False), whole.get("program", {})
    if not isinstance(strict, bool):
        raise PolicyError(f"{name}: strict is true or false")
    if not isinstance(programs, dict) or not all(isinstance(each, dict) for each in programs.values()):
        raise PolicyError(f"{name}: [program.NAME] is a table for each program")
    made = {}
    for who, table in programs.items():
        place = f"{name}: [program.{who}]"
        _known(place, table, [f"{way}_{kind}" for way in ("allow", "block") for kind in LISTS])
        made[who] = _entries(place, table, "allow"), _entries(place, table, "block")
    return Policy(strict, made)


def _known(place: str, table: Mapping[str, object], names: tuple[str, ...] | list[str]) -> None:
    import difflib

    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            raise PolicyError(f"{place}: {key} is no key of a policy" + (f"; did you mean {near[0]}?" if near else ""))


def _entries(place: str, table: Mapping[str, object], way: str) -> Entries:
    names = tuple(_texts(place, table, f"{way}_sni"))
    for each in names:
        if not each.strip("*.") or "*" in each.removeprefix("*."):
            raise PolicyError(f"{place}: {way}_sni {each!r}: a name, or *. before one")
    networks = []
    for each in _texts(place, table, f"{way}_ip"):
        try:
            networks.append(ip_network(each, strict=False))
        except ValueError:
            raise PolicyError(f"{place}: {way}_ip {each!r}: an address, or a network such as 192.0.2.0/24") from None
    return Entries(names, tuple(networks), _numbers(place, table, f"{way}_asn", 2**32 - 1),
                   _numbers(place, table, f"{way}_ports", 65535))


def _texts(place: str, table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise PolicyError(f"{place}: {key} is a list of texts")
    return value


def _numbers(place: str, table: Mapping[str, object], key: str, most: int) -> tuple[int, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(type(each) is int and 0 <= each <= most for each in value):
        raise PolicyError(f"{place}: {key} is a list of numbers from 0 to {most}")
    return tuple(value)
