"""The machine that this runs on, as addons are given it (model.host.Host). The one place that asks which system it is,
beside `netwatch doctor`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from netwatch.model.host import Ends, Host, Unavailable
from netwatch.model.machine import BoundSocket, Counters, KernelDrop, Link, Neighbour, Owner, Route, Status, Unknown
from netwatch.model.probe import Reply
from netwatch.model.record import Record
from netwatch.model.whois import RegistryAnswer
from netwatch.platform import base, current, psutils
from netwatch.platform.base import Platform, packed
from netwatch.platform.probing import Probing
from netwatch.platform.registries import Registries
from netwatch.platform.resolvers import nameservers


class ThisMachine(Host):
    """Making it asks nothing. `devices` lists what can be captured on: platforms know nothing of capture."""

    def __init__(self, devices: Callable[[], list[Record]] | None = None) -> None:
        self._devices = devices
        self._looking: Looking | None = None
        self._settled = False  # what may be sent

    @cached_property
    def _platform(self) -> Platform:
        return current()

    def find_owners(self, behind: bool = False) -> None:
        """Look for the owners of flows from now on: before the first frame is captured, so that no socket is missed.
        Loading what finds them takes some 100 ms; `behind`: in a thread, `ready` once it is done."""
        self.owners = self._looking = Looking(self._platform.owners())
        self._looking.start(behind)

    def kernel_drops(self) -> list[KernelDrop]:
        if self._looking is None:
            raise Unavailable("owners are not looked for (owners.find), nor what the kernel drops")
        return self._looking.drops()

    def bound_sockets(self) -> list[BoundSocket]:
        if self._looking is None:
            raise Unavailable("owners are not looked for (owners.find), nor who listens")
        return self._looking.bound_sockets()

    @cached_property
    def _probing(self) -> Probing:
        return Probing(self, self._platform.prober)

    def allow_probes(self, places: Sequence[str], third_party: bool) -> None:
        self._check_unsettled()
        self._probing.allow(places, third_party)

    def probe(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        return self._probing.send(method, address, ttl, size, wait_ms, stream)

    def replies(self) -> tuple[Reply, ...]:
        return self._probing.replies()

    def allow_traces(self, third_party: bool) -> None:
        self._check_unsettled()
        self._probing.allow_traces(third_party)

    def allow_no_more(self) -> None:
        self._settled = True

    def _check_unsettled(self) -> None:
        """Raises ValueError."""
        if self._settled:
            raise ValueError("what may be sent was said before")

    def begin_trace(self, address: str) -> None:
        self._probing.begin_trace(address)

    def end_trace(self) -> None:
        self._probing.end_trace()

    @cached_property
    def _registries(self) -> Registries:
        return Registries()

    def allow_whois(self) -> None:
        self._check_unsettled()
        if self._registries.allowed:
            raise ValueError("whether registries may be asked was said before")
        self._registries.allowed = True

    def ask_registry(self, registry: str, address: str) -> None:
        self._registries.ask(registry, address)

    def registry_answer(self) -> RegistryAnswer | None:
        return self._registries.answer()

    def close(self) -> None:
        """Look for owners no more, and send no more."""
        if "_probing" in vars(self):
            self._probing.close()
        if self._looking is not None:
            self._looking.close()
            self._looking = None

    def counters(self) -> list[Counters]:
        return self._platform.counters()

    def links(self) -> list[Link]:
        return self._platform.links()

    def routes(self) -> list[Route]:
        return self._platform.routes()

    def neighbours(self) -> list[Neighbour]:
        return self._platform.neighbours()

    def addresses(self) -> frozenset[bytes]:
        return self._platform.addresses()

    def nameservers(self) -> tuple[str, ...]:
        return nameservers()

    def cpu_seconds(self, pid: int) -> float:
        return psutils.cpu_seconds(pid)

    def tcp_info(self, local: str, lport: int, remote: str, rport: int) -> Record:
        return self._platform.tcp_info(packed(local), lport, packed(remote), rport)

    def devices(self) -> list[Record]:
        return self._devices() if self._devices is not None else super().devices()


class Looking:
    """What finds owners, while it is loaded and after."""

    def __init__(self, owners: base.Owners) -> None:
        self.ready = False
        self._owners = owners
        self._starter: threading.Thread | None = None

    def start(self, behind: bool) -> None:
        if behind:
            self._starter = threading.Thread(target=self.start, args=(False,), name="owners-start", daemon=True)
            self._starter.start()
            return
        self._owners.start()
        self.ready = True

    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown:
        return self._owners.of_flow(proto, src, sport, dst, dport, first_seen_ns, last_seen_ns)

    def of_flows(self, asked: Sequence[Ends]) -> list[Owner | Unknown]:
        return [self._owners.of_flow(*each) for each in asked]

    def status(self) -> list[Status]:
        return self._owners.status()

    def drops(self) -> list[KernelDrop]:
        return self._owners.drops()

    def bound_sockets(self) -> list[BoundSocket]:
        return self._owners.bound_sockets()

    def close(self) -> None:
        if self._starter is not None:
            self._starter.join(timeout=5)
        self.ready = False
        self._owners.close()
