"""The detectors there are, one line each."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from netwatch.detect.contract import Detector
from netwatch.model.option import Option

DETECTORS = {
    "port_scan": "netwatch.detect.port_scan:PortScan",
    "syn_flood": "netwatch.detect.syn_flood:SynFlood",
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
                  Option(f"{name}.allow", "", f"Addresses and networks, separated by commas, that {name} passes over.")]
        found += [Option(f"{name}.{each.name}", each.default, each.help, each.low, each.high, each.choices)
                  for each in kind.options]
    return tuple(found)
