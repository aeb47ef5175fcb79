"""What each protocol's learnt facts say, by app name: the object of its fields, and a line for people.

Imported only when records are made. One line a protocol in DESCRIBING; the functions stand in the protocol's file, or
in its describing half where it has two.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping

from netwatch._fast.dpi import having
from netwatch._fast.proto.common.facts import Plain
from netwatch.model.record import Record

Facts = list[tuple[int, bytes]]
FACT_MORE = 249  # a key, of flow/content.pxd
Describe = Callable[[Facts, bool], Record]

# app name: module of netwatch._fast.proto with describe, label, FACT_FIELDS and, where it has them, FACT_NUMBERS and
# DEPENDS, as PLAIN, NUMBERS and DEPENDS below by field, and LOGIN_FAILED: the values of a key
DESCRIBING = {
    "tls": "tls.text",
    "http": "http.text",
    "dns": "dns.text",
    "mdns": "dns.text",
    "llmnr": "dns.text",
    "quic": "quic.text",
    "dtls": "dtls",
    "ssh": "ssh",
    "ftp": "ftp",
    "smtp": "smtp",
    "imap": "imap",
    "pop3": "pop3",
    "irc": "irc",
    "telnet": "telnet",
    "sip": "sip",
    "rtsp": "rtsp",
    "ssdp": "ssdp",
    "redis": "redis",
    "memcached": "memcached",
    "mysql": "mysql.text",
    "postgresql": "postgresql",
    "mongodb": "mongodb.text",
    "cassandra": "cassandra.text",
    "xmpp": "xmpp",
    "syslog": "syslog",
    "rsync": "rsync",
    "git": "git",
    "socks": "socks",
    "netbios": "netbios.wire",
    "smb": "smb.text",
    "rdp": "rdp.text",
    "vnc": "vnc.text",
    "dhcp": "dhcp",
    "dhcpv6": "dhcpv6",
    "ntp": "ntp",
    "snmp": "snmp",
    "stun": "stun",
    "radius": "radius",
    "tftp": "tftp",
    "coap": "coap",
    "wireguard": "wireguard",
    "openvpn": "openvpn",
    "ike": "ike",
    "kerberos": "kerberos",
    "ldap": "ldap.text",
    "rtcp": "rtcp",
    "rtp": "rtp",
    "bittorrent": "bittorrent",
    "http2": "http2.text",
    "websocket": "websocket",
    "grpc": "grpc",
    "mqtt": "mqtt",
    "amqp": "amqp",
    "kafka": "kafka.text",
    "bgp": "bgp.text",
    "dnp3": "dnp3",
    "modbus": "modbus",
    "tor": "tor",
    "http3": "http3",
    "dcerpc": "dcerpc.text",
    "rpc": "rpc.text",
    "nfs": "rpc.text",
    "tds": "tds.text",
    "netflow": "netflow.text",
    "ipfix": "netflow.text",
    "sflow": "sflow",
    "ftp-data": "ftpdata",
    "proxy": "proxy",
    "diameter": "diameter.text",
    "gtpc": "gtpc.text",
    "bacnet": "bacnet.text",
    "enip": "enip.text",
    "s7comm": "s7comm.text",
    "iec104": "iec104",
    "tns": "tns",
    "rdpudp": "rdpudp",
    "lldp": "lldp",
    "cdp": "lldp",
    "igmp": "igmp",
    "mld": "igmp",
}

DESCRIBE: dict[str, Describe] = {}
LABEL: dict[str, Callable[[Record], str]] = {}
CARRIES_TLS = having("carries tls")  # what their handshake chose stands under tls, as a TLS flow's does
# what filters, orders and groups know of the fields of the flow record, so that none needs a record:
PLAIN: dict[str, list[tuple[str, Plain]]] = {}  # those that are a fact's text: (app, Plain)
NUMBERS: dict[str, tuple[str, int, int]] = {}  # those that are a fact's eight bytes: (app, key, divided by)
# (app, field): the facts that others depend on. None is all of them, as it is where nothing is said; but app_stack
# depends on none where nothing is said.
DEPENDS: dict[tuple[str, str], tuple[int, ...] | None] = {}
LISTED: dict[tuple[str, int], list[str]] = {}  # lists that are the texts of a fact: (app, key)
LOGIN_FAILED: list[tuple[str, int, bytes]] = []  # a fact that begins so says that a login failed: app, key, value


def _describer(function: object) -> Describe:
    """A protocol that never has secrets among its fields need not take the switch."""
    if "show_secrets" in inspect.signature(function).parameters:
        return function  # type: ignore[no-any-return]
    return lambda facts, show_secrets: function(facts)


def _load() -> None:
    for app, name in DESCRIBING.items():
        module = importlib.import_module(f"netwatch._fast.proto.{name}")
        DESCRIBE[app] = _describer(module.describe)
        LABEL[app] = module.label
        shared = list(DESCRIBING.values()).count(name) > 1  # then its fields are named after the first of its protocols

        def own(field: str, app: str = app, shared: bool = shared) -> str:
            return f"{app}.{field.partition('.')[2]}" if shared and "." in field else field
        for field, plain in module.FACT_FIELDS.items():
            PLAIN.setdefault(own(field), []).append((app, plain))
            if plain.many:
                LISTED.setdefault((app, plain.key), []).append(field.partition(".")[2])
        for field, (key, divide) in getattr(module, "FACT_NUMBERS", {}).items():
            NUMBERS[own(field)] = app, key, divide
        for field, keys in getattr(module, "DEPENDS", {}).items():
            DEPENDS[app, own(field)] = keys
        LOGIN_FAILED.extend((app, key, value) for key, values in getattr(module, "LOGIN_FAILED", {}).items()
                            for value in values)


def add(app: str) -> None:
    """A protocol that is no file here: its one fact is its object as JSON (a user's classifier, netwatch/classify)."""
    import json

    def describe(facts: Facts, show_secrets: bool) -> Record:
        return json.loads(facts[0][1]) if facts else {}

    DESCRIBE.setdefault(app, describe)
    LABEL.setdefault(app, lambda obj: app)


def _count_more(name: str, learnt: Facts, obj: Record, show_secrets: bool) -> None:
    """Beside each list of the object of which values were not kept, how many different ones there were at least:
    FACT_MORE says of which fact, and the list is the one of its texts, or that would be another without it."""
    cut: dict[int, int] = {}
    for key, value in learnt:
        if key == FACT_MORE:
            cut[value[0]] = cut.get(value[0], 0) + value[1]
    for key, number in cut.items():
        fields = LISTED.get((name, key), ())
        for field in fields:
            if isinstance(obj.get(field), list):
                obj[f"{field}_more"] = obj.get(f"{field}_more", 0) + number
        if fields:
            continue
        without = DESCRIBE[name]([fact for fact in learnt if fact[0] != key], show_secrets)
        for field, shown in list(obj.items()):
            if isinstance(shown, list) and shown != without.get(field):
                obj[f"{field}_more"] = obj.get(f"{field}_more", 0) + number


def flow_fields(app: str | None, facts: Mapping[str, Facts], show_secrets: bool = False,
                wanted: Collection[str] | None = None) -> Record:
    """What a flow record says of what was learnt: app_stack, the object of each protocol, label. `facts` by app, in
    the order in which the protocols were met; `app` is the one that claimed the flow. `wanted`: these will do (None:
    all); app_stack is whole only where it or the label is among them."""
    every = wanted is None or "app_stack" in wanted or "label" in wanted
    found: Record = {"app_stack": (stack := list(facts))}
    if app is not None and app not in facts:
        stack.append(app)
    label = None
    for name in list(stack):
        if not (every or name in wanted or ("tls" in wanted and name in CARRIES_TLS)):  # type: ignore[operator]
            continue
        learnt = facts.get(name)
        obj = DESCRIBE[name]([] if learnt is None else learnt, show_secrets)
        if learnt is not None:
            label = LABEL[name](obj)
            if FACT_MORE in dict(learnt):
                _count_more(name, learnt, obj, show_secrets)
        if "stack" in obj:
            over = [each for each in obj.pop("stack") if each not in stack]
            stack[stack.index(name) + 1:stack.index(name) + 1] = over
        if "below" in obj:
            for under in obj.pop("below"):
                if under not in stack:
                    stack.insert(stack.index(name), under)
        if name in CARRIES_TLS and "tls" in obj:
            found["tls"] = obj.pop("tls")
        if obj:
            found[name] = obj
    if label:
        found["label"] = label
    return found


_load()
