"""THE TABLE, the part of flow export and of mobile and carrier networks: one line a field."""
from netwatch.schema.field import ADDRESS, INT, TEXT, _field

_NETFLOW = tuple(field for app, what in (("netflow", "source ids or engines"), ("ipfix", "observation domains"))
                 for field in (
    _field(f"{app}.version", "flow", INT, "VERSION", 7, "Version of the packets; IPFIX is 10."),
    _field(f"{app}.sources", "flow", INT, "SOURCES", 10, f"Exporters: {what}.", many=True),
    _field(f"{app}.messages", "flow", INT, "MESSAGES", 8, "Export packets."),
    _field(f"{app}.records", "flow", INT, "RECORDS", 8, "Flow and template records the packets say they hold."),
    _field(f"{app}.lost", "flow", INT, "LOST", 6,
           "What sequence numbers pass over: packets of version 9, flow records of 5 and 7."),
    _field(f"{app}.templates", "flow", INT, "TEMPLATES", 10, "Numbers of the first templates.", many=True),
    _field(f"{app}.elements", "flow", TEXT, "ELEMENTS", 28, "Information elements the templates hold.", many=True,
           search=True),
    _field(f"{app}.sampling", "flow", INT, "SAMPLING", 8, "One packet in so many was looked at, as version 5 says."),
))

_SFLOW = (
    _field("sflow.agent", "flow", ADDRESS, "AGENT", 15, "Address of the agent.", privacy="address"),
    _field("sflow.sub_agents", "flow", INT, "SUB", 6, "Sub-agents.", many=True),
    _field("sflow.datagrams", "flow", INT, "DATAGRAMS", 9, "Datagrams read."),
    _field("sflow.samples", "flow", INT, "SAMPLES", 8, "Samples in them."),
    _field("sflow.lost", "flow", INT, "LOST", 6, "Datagrams that sequence numbers pass over."),
    _field("sflow.kinds", "flow", TEXT, "KINDS", 16, "Kinds of sample.", many=True),
    _field("sflow.records", "flow", TEXT, "RECORDS", 20, "Kinds of record in flow samples.", many=True),
    _field("sflow.rates", "flow", INT, "RATES", 10, "Sampling rates: one packet in so many.", many=True),
)

TELEMETRY = (*_NETFLOW, *_SFLOW)
