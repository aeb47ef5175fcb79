"""THE TABLE, the part of flow export and of mobile and carrier networks: one line a field."""
from netwatch.schema.field import ADDRESS, DURATION, INT, TEXT, _field

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

_DIAMETER = (
    _field("diameter.commands", "flow", TEXT, "COMMANDS", 24, "Commands seen.", many=True, search=True),
    _field("diameter.applications", "flow", TEXT, "APPS", 14, "Applications used or offered.", many=True, search=True),
    _field("diameter.requests", "flow", INT, "REQUESTS", 8, "Requests of both sides."),
    _field("diameter.origin_hosts", "flow", TEXT, "HOSTS", 24, "Hosts that messages come from.", privacy="name",
           many=True, search=True),
    _field("diameter.origin_realms", "flow", TEXT, "REALMS", 20, "Realms that messages come from.", privacy="name",
           many=True, search=True),
    _field("diameter.destination_hosts", "flow", TEXT, "TO", 24, "Hosts that messages are for.", privacy="name",
           many=True),
    _field("diameter.destination_realms", "flow", TEXT, "TO REALM", 20, "Realms that messages are for.",
           privacy="name", many=True),
    _field("diameter.users", "flow", TEXT, "USERS", 18, "User names, of mobile networks IMSIs.", "login.user",
           privacy="name", many=True, search=True),
    _field("diameter.subscribers", "flow", TEXT, "SUBSCRIBERS", 18, "Subscription ids: numbers, IMSIs, URIs.",
           privacy="name", many=True, search=True),
    _field("diameter.apn", "flow", TEXT, "APN", 14, "Access points called.", many=True, search=True, privacy="name"),
    _field("diameter.addresses", "flow", ADDRESS, "ADDRESSES", 15, "IPv4 addresses of subscribers.",
           privacy="address", many=True),
    _field("diameter.products", "flow", TEXT, "PRODUCTS", 18, "What the peers call themselves.", many=True),
    _field("diameter.results", "flow", TEXT, "RESULTS", 24, "Results of answers.", many=True, search=True),
    _field("diameter.error", "flow", TEXT, "ERROR", 28, "Message of an error.", privacy="name"),
    _field("diameter.latency_us", "flow", DURATION, "LATENCY", 8, "From a request to its answer.", unit="us"),
)

_GTPC = (
    _field("gtpc.version", "flow", INT, "VERSION", 7, "Version of GTP: 1 or 2."),
    _field("gtpc.messages", "flow", TEXT, "MESSAGES", 28, "Messages seen.", many=True, search=True),
    _field("gtpc.imsi", "flow", TEXT, "IMSI", 15, "Subscribers' IMSIs.", privacy="name", many=True, search=True),
    _field("gtpc.msisdn", "flow", TEXT, "MSISDN", 15, "Subscribers' numbers.", privacy="name", many=True, search=True),
    _field("gtpc.imei", "flow", TEXT, "IMEI", 16, "Devices.", privacy="name", many=True, search=True),
    _field("gtpc.apn", "flow", TEXT, "APN", 16, "Access points asked for.", many=True, search=True, privacy="name"),
    _field("gtpc.addresses", "flow", ADDRESS, "ADDRESSES", 15, "Addresses given to subscribers.", privacy="address",
           many=True),
    _field("gtpc.networks", "flow", TEXT, "NETWORKS", 8, "Serving networks: country and network code.", many=True),
    _field("gtpc.access", "flow", TEXT, "ACCESS", 8, "Kinds of radio access.", many=True),
    _field("gtpc.peers", "flow", ADDRESS, "PEERS", 15, "Addresses of tunnels' ends.", privacy="address", many=True),
    _field("gtpc.causes", "flow", TEXT, "CAUSES", 24, "Causes but for those that mean success.", many=True),
    _field("gtpc.latency_us", "flow", DURATION, "LATENCY", 8, "From a request to its answer.", unit="us"),
)

TELEMETRY = (*_NETFLOW, *_SFLOW, *_DIAMETER, *_GTPC)
