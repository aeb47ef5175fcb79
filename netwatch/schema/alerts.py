"""Alerts: what detectors found."""
from netwatch.schema.field import INT, TEXT, _field

ALERTS = (
    _field("alert.id", "alert", TEXT, "ID", 12, "The same whenever and wherever the capture is read."),
    _field("alert.severity", "alert", TEXT, "SEVERITY", 8, "info, warning or critical.", "severity"),
    _field("alert.kind", "alert", TEXT, "KIND", 16, "The detector that found it."),
    _field("alert.title", "alert", TEXT, "ALERT", 24, "What it is, in a few words.", search=True),
    _field("alert.text", "alert", TEXT, "TEXT", 60, "Who did what, and how much of it.", privacy="name", search=True),
    _field("alert.flows", "alert", INT, "FLOWS", 12, "Numbers of flows that show it.", many=True),
    _field("alert.frames", "alert", INT, "FRAMES", 12, "Numbers of frames that show it.", many=True),
    _field("alert.count", "alert", INT, "COUNT", 7, "How often it was seen."),
)
