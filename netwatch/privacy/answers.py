"""What the texts in answers to screens are. A field of text that stands in neither table is private: a new one is."""

from __future__ import annotations

from collections.abc import Mapping

# by class: texts that tell of nobody
PUBLIC: Mapping[str, frozenset[str]] = {name: frozenset(fields.split()) for name, fields in {
    "addons.alerts.AlertNow": "detector",
    "addons.throughput.Past": "range rates counts session now",
    "addons.bound.Port": "proto method",
    "addons.interfaces.Interface": "state roles vendor",
    "model.machine.Link": "kind duplex driver",
    "addons.interfaces.Captured": "link",
    "addons.timeline.Entry": "severity category",
    "addons.insights.Card": "severity",
    "addons.overview.Overview": "dns_failing",
    "addons.overview.Peer": "app",
    "addons.egress.Way": "app proto",
    "egress.policy.Verdict": "word",
    "addons.packets.questions.Seen": "counts",
    "addons.packets.questions.Line": "proto ink notes",
    "addons.explain.Explained": "rule",
    "addons.explain.Said": "of",
    "addons.packets.conversation.Said": "app",
    "addons.statistics.Share": "transport app",
    "addons.topology.Peer": "place scope",
    "addons.tracing.Traced": "state setting",
    "addons.registries.Owned": "setting",
    "names.whois.Found": "registry asked",
    "model.contract.Store": "name",
    "model.session.Health": "rejected link_types owners ungrouped without",
    "model.session.Sign": "severity",
}.items()}
# words of netwatch's own, in which addresses and names stand
WORDS: Mapping[str, frozenset[str]] = {name: frozenset(fields.split()) for name, fields in {
    "addons.bound.Bound": "why",
    "model.group.Within": "words",
    "addons.groups.Grouped": "why",
    "addons.interfaces.InterfacesNow": "why",
    "addons.interfaces.Interface": "routes",
    "addons.timeline.Entry": "text alike",
    "addons.insights.Card": "title measured meaning filter finding since causes advice over",
    "addons.overview.Gateway": "how",
    "addons.egress.EgressNow": "problem",
    "addons.egress.Way": "name",
    "egress.policy.Verdict": "by",
    "addons.packets.questions.Line": "source destination",
    "addons.explain.Explained": "against",
    "addons.packets.conversation.Said": "ends why",
    "addons.statistics.Statistics": "why",
    "addons.topology.Peer": "detail",
    "addons.tracing.Traced": "why",
    "addons.registries.Owned": "why",
    "names.whois.Found": "more",
    "model.session.Health": "error owners_why why_without",
    "model.session.Sign": "text more",
}.items()}
