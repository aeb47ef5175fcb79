"""The addons there are, one line each, and how they are loaded. A module is imported when its addon is.

Those that read content come first, in the order in which they feed each other: what one opens, the next one reads.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence

from netwatch.model.contract import Addon
from netwatch.model.option import Option
from netwatch.store import files
from netwatch.store.folders import config_folder
from netwatch.store.settings import SETTINGS

CONTENT = {  # read what flows say: not with --no-dpi
    "decrypt": "netwatch.decrypt.addon:Decrypt",
    "messages": "netwatch.decrypt.messages:Messages",
}
RECORDS = {  # add to records, or make some: wherever there are records
    "names": "netwatch.names.addon:Names",
    "owners": "netwatch.owners.addon:FlowOwners",
    "flow_events": "netwatch.addons.flow_events:FlowEvents",
}
ALERTS = {  # make up their minds about all that goes by: where alerts are asked for, and where there are screens
    "detect": "netwatch.detect.addon:Detect",
}
FINDINGS = {  # likewise, after those: where findings are asked for
    "diagnose": "netwatch.diagnose.addon:Diagnose",
}
SCREENS = {  # remember, to be asked: where somebody may ask
    "sparklines": "netwatch.addons.sparklines:Sparklines",
    "timeline": "netwatch.addons.timeline:TimelineAddon",
    "alerts": "netwatch.addons.alerts:AlertMarks",
    "interfaces": "netwatch.addons.interfaces:InterfacesAddon",
    "throughput": "netwatch.addons.throughput:Throughput",
    "packets": "netwatch.addons.packets.addon:PacketsAddon",
    "capture": "netwatch.addons.capture_control:CaptureControl",
    "replay": "netwatch.addons.replay_control:ReplayControl",
    "processes": "netwatch.addons.processes:ProcessesAddon",
    "bound": "netwatch.addons.bound:BoundAddon",
    "groups": "netwatch.addons.groups:GroupsAddon",
    "explain": "netwatch.addons.explain:ExplainAddon",
    "export": "netwatch.addons.exporting:ExportAddon",
    "overview": "netwatch.addons.overview:OverviewAddon",
    "dashboard": "netwatch.addons.dashboard:DashboardAddon",
    "statistics": "netwatch.addons.statistics:StatisticsAddon",
    "topology": "netwatch.addons.topology:TopologyAddon",
    "insights": "netwatch.addons.insights:InsightsAddon",
    "egress": "netwatch.addons.egress:EgressAddon",
    "preferences": "netwatch.addons.preferences:Preferences",
    "usage": "netwatch.addons.usage:UsageAddon",
    "recorder": "netwatch.addons.recorder:Recorder",
    "probes": "netwatch.health.addon:Probes",
    "trace": "netwatch.addons.tracing:Tracing",
    "whois": "netwatch.addons.registries:Registries",
    "history": "netwatch.addons.history:History",
}
USERS = {  # look after files of the user's: where there is a folder of that name
    "classifiers": "netwatch.plugins.classifiers:Classifiers",
}
ALL = CONTENT | RECORDS | ALERTS | FINDINGS | SCREENS | USERS


def users() -> tuple[str, ...]:
    """What the configuration folder has: those of USERS, and the names of files that are addons of the user's own."""
    folder = config_folder()
    own = [path.name for path in files.listed(folder / "addons", "*.py")]
    return *(name for name in USERS if files.is_there(folder / name, folder=True)), *own


def find(name: str) -> type[Addon]:
    """The class of that addon, or of the user's file of that name. Raises KeyError."""
    if name.endswith(".py"):
        own: Mapping[str, type[Addon]] = importlib.import_module("netwatch.plugins.addons").found(OURS)
        return own[name]
    module, _, cls = ALL[name].partition(":")
    found: type[Addon] = getattr(importlib.import_module(module), cls)
    return found


def load(*tables: Iterable[str], given: Sequence[Addon] = ()) -> list[Addon]:
    """One of each in these tables, in their order; what is `given` stands in for that of its name, or comes first."""
    names = [name for table in tables for name in table]
    instead = {addon.name: addon for addon in given}
    first = [addon for addon in given if addon.name not in names]
    return first + [instead[name] if name in instead else find(name)() for name in names]


def kinds() -> dict[str, str]:
    """Kinds of record that addons make, and what each is."""
    makers = (*CONTENT, *RECORDS, *ALERTS, *FINDINGS, *users())
    return {kind: about for name in makers for kind, about in find(name).kinds.items()}


def _options(name: str) -> Sequence[Option]:
    return find(name).options


SETTINGS.join(ALL, _options)
OURS = SETTINGS.tables()
SETTINGS.join({name.removesuffix(".py") for name in users()} - OURS, lambda table: _options(f"{table}.py"))
