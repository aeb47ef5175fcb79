"""What each protocol's learnt facts say, by app name: the object of its fields, and a line for people.

Imported only when records are made. One line a protocol in DESCRIBING; the functions stand in the protocol's file, or
in its describing half where it has two.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

Facts = list[tuple[int, bytes]]
Describe = Callable[[Facts, bool], dict[str, Any]]

# app name: module of netwatch._fast.proto with describe, label and FACT_FIELDS
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
    "http2": "http2",
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
}

DESCRIBE: dict[str, Describe] = {}
LABEL: dict[str, Callable[[dict[str, Any]], str]] = {}
# fields of the flow record that are stored as facts, for filters and sorting without Python: (app, key)
FACT_FIELDS: dict[str, list[tuple[str, int]]] = {}


def _describer(function: Any) -> Describe:
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
        for field, key in module.FACT_FIELDS.items():
            FACT_FIELDS.setdefault(f"{app}.{field.partition('.')[2]}" if shared else field, []).append((app, key))


def add(app: str) -> None:
    """A protocol that is no file here: its one fact is its object as JSON (a user's classifier, netwatch/classify)."""
    import json

    def describe(facts: Facts, show_secrets: bool) -> dict[str, Any]:
        return json.loads(facts[0][1]) if facts else {}

    DESCRIBE.setdefault(app, describe)
    LABEL.setdefault(app, lambda obj: app)


_load()
