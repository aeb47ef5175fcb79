"""Alerts: what detectors found. Findings: what diagnose found wrong."""
from netwatch.schema.field import ADDRESS, INT, PORT, TEXT, TIME, _field

ALERTS = (
    _field("alert.id", "alert", TEXT, "ID", 12, "The same whenever and wherever the capture is read.",
           privacy="name"),
    _field("alert.severity", "alert", TEXT, "SEVERITY", 8, "info, warning or critical.", "severity"),
    _field("alert.kind", "alert", TEXT, "KIND", 16, "The detector that found it."),
    _field("alert.title", "alert", TEXT, "ALERT", 24, "What it is, in a few words.", search=True),
    _field("alert.text", "alert", TEXT, "TEXT", 60, "Who did what, and how much of it.", privacy="name", search=True),
    _field("alert.flows", "alert", INT, "FLOWS", 12, "Numbers of flows that show it.", many=True),
    _field("alert.frames", "alert", INT, "FRAMES", 12, "Numbers of frames that show it.", many=True),
    _field("alert.count", "alert", INT, "COUNT", 7, "How often it was seen."),
)

FINDINGS = (
    _field("finding.id", "finding", TEXT, "ID", 12, "The same whenever and wherever the capture is read.",
           privacy="name"),
    _field("finding.since", "finding", TIME, "SINCE", 30, "Time of the first thing that was bad, UTC."),
    _field("finding.state", "finding", TEXT, "STATE", 7, "open, stale or closed."),
    _field("finding.kind", "finding", TEXT, "KIND", 18, "The rule that found it."),
    _field("finding.severity", "finding", TEXT, "SEVERITY", 8, "info, warning or critical.", "severity"),
    _field("finding.title", "finding", TEXT, "FINDING", 24, "What is wrong, in a few words."),
    _field("finding.subject.host", "finding", TEXT, "HOST", 39, "The host it is about first.", privacy="address"),
    _field("finding.subject.flow", "finding", INT, "FLOW", 7, "The first flow that it hit."),
    _field("finding.subject.process.name", "finding", TEXT, "PROCESS", 18, "The program whose flow that is.",
           privacy="name"),
    _field("finding.subject.process.pid", "finding", INT, "PID", 8, "Its number."),
    _field("finding.src", "finding", ADDRESS, "SOURCE", 39, "Who waits.", privacy="address"),
    _field("finding.dst", "finding", ADDRESS, "DESTINATION", 39, "For whom.", privacy="address"),
    _field("finding.dport", "finding", PORT, "DPORT", 6, "At which port."),
    _field("finding.name", "finding", TEXT, "NAME", 32, "The name that was asked for.", privacy="name"),
    _field("finding.cause", "finding", TEXT, "CAUSE", 60, "Why, as far as packets tell.", privacy="name"),
    _field("finding.evidence", "finding", TEXT, "EVIDENCE", 60, "The figures that show it.", privacy="name",
           many=True),
    _field("finding.advice", "finding", TEXT, "ADVICE", 60, "What to do about it."),
    _field("finding.closes_when", "finding", TEXT, "CLOSES", 40, "When it is over."),
    _field("finding.count", "finding", INT, "COUNT", 7, "How often it was seen."),
    _field("finding.flows", "finding", INT, "FLOWS", 12, "Numbers of flows that show it.", many=True),
    _field("finding.frames", "finding", INT, "FRAMES", 12, "Numbers of frames that show it.", many=True),
    _field("finding.filter", "finding", TEXT, "FILTER", 40, "The filter that shows its flows.", privacy="address"),
    _field("finding.consequences", "finding", TEXT, "CAUSES", 60, "What follows from it, and is not told apart.",
           privacy="name", many=True),
)
