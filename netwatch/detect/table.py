"""The detectors there are, one line each."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from netwatch.detect.allow import networks
from netwatch.detect.contract import Detector
from netwatch.model.option import Option

DETECTORS = {
    "port_scan": "netwatch.detect.port_scan:PortScan",
    "syn_flood": "netwatch.detect.syn_flood:SynFlood",
    "lateral": "netwatch.detect.lateral:Lateral",
    "brute_force": "netwatch.detect.brute_force:BruteForce",
    "certificate": "netwatch.detect.certificate:Certificate",
    "weak_tls": "netwatch.detect.weak_tls:WeakTls",
    "cleartext": "netwatch.detect.cleartext:Cleartext",
    "data_out": "netwatch.detect.data_out:DataOut",
    "arp_spoof": "netwatch.detect.arp_spoof:ArpSpoof",
    "rogue_router": "netwatch.detect.rogue_router:RogueRouter",
    "rogue_dhcp": "netwatch.detect.rogue_dhcp:RogueDhcp",
    "beacon": "netwatch.detect.beacon:Beacon",
    "dns_tunnel": "netwatch.detect.dns_tunnel:DnsTunnel",
    "dga": "netwatch.detect.dga:Dga",
    "new_device": "netwatch.detect.new_device:NewDevice",
    "blocked": "netwatch.detect.blocked:Blocked",
    "new_destination": "netwatch.detect.new_destination:NewDestination",
    "new_fingerprint": "netwatch.detect.new_fingerprint:NewFingerprint",
    "quota": "netwatch.detect.quota:Quotas",
}


def find(name: str) -> type[Detector]:
    """The class of that detector. Raises KeyError."""
    module, _, cls = DETECTORS[name].partition(":")
    found: type[Detector] = getattr(importlib.import_module(module), cls)
    return found


def options() -> Sequence[Option]:
    """Those of every detector: detect.NAME.on, detect.NAME.allow, and its own."""
    found = []
    for name in DETECTORS:
        kind = find(name)
        found += [Option(f"{name}.on", True, f"{kind.about}"),
                  Option(f"{name}.allow", "", f"Addresses and networks, separated by commas, that {name} passes over.",
                         form=networks)]
        found += [Option(f"{name}.{each.name}", each.default, each.help, each.low, each.high, each.choices)
                  for each in kind.options]
    return tuple(found)
