"""Flows for the tests of the filter, each made twice from one description: as a native row and as a record."""
import ipaddress
from datetime import UTC, datetime

from netwatch._fast.dpi import app_names
from netwatch._fast.out.protocols import NUMBERS
from netwatch._fast.view import columns
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.querytest import SampleFlows
from netwatch._fast.view.selection import Selection
from netwatch.filter import Filter

APPS = {1: "tls", 2: "dns", 3: "http"}
PROTOS = {1: "icmp", 6: "tcp", 17: "udp", 256: "arp"}
STATES = {0: "NONE", 3: "ESTABLISHED", 9: "TIME_WAIT", 12: "UDP_ACTIVE"}
ENDED = {1: "fin", 2: "rst", 3: "timeout"}
PATHS = {1: [12], 2: [12, 300], 3: [4094]}
IFACES = {0: "eth0", 1: "wlan0", 2: "eth0", 3: "wlan0"}  # by path: the interface is one of the surroundings
SERVICES = {443: "https", 80: "http", 65536 + 53: "domain", 22: "ssh"}
PAIRS = {"retransmits": "retransmits", "out_of_order": "out_of_order", "dup_acks": "dup_acks",
         "zero_windows": "zero_windows", "spurious": "spurious", "fast_retransmits": "fast_retransmits"}
SNI, QUIC_SNI, NAMES, STATUS = (1, 1), (4, 1), (2, 2), (3, 7)
_APP, _KEY, _DIVIDE = NUMBERS["dns.latency_us"]
LATENCY = app_names().index(_APP), _KEY       # the columns are the process's, other tests read real DNS by this one

if "dns.latency_us" not in columns.FACT_NUMBERS:
    columns.map_number("dns.latency_us", *LATENCY, _DIVIDE, 1000)


def status(facts: list) -> tuple:
    """The described field of these flows: a status, as three digits."""
    return tuple(int(text) for _, _, text in facts[:1])


def label(facts: list) -> tuple:
    """Another: a line of the app and the first text."""
    app = APPS.get(next((proto for proto, _, text in facts if text is None), 0), "")
    texts = [text.decode() for proto, _, text in facts if text is not None and proto == 1]
    return (" ".join([app, *texts]),) if app and texts else ()


def iso(ns: int) -> str:
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 10**9:09d}Z"


def end(packed: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in packed) if len(packed) == 6 else str(ipaddress.ip_address(packed))


def state(given: dict) -> str:
    """Of all these flows the newest frame is as old as the clock; but what timed out did so by its age."""
    name = STATES[given.get("state", 0)]
    return "UDP_STALE" if name == "UDP_ACTIVE" and ENDED.get(given.get("ended")) == "timeout" else name


def record(given: dict, number: int) -> dict:
    """What `read` would print of the flow."""
    tcp, facts = given.get("tcp"), given.get("facts", {})
    first, last = given.get("first", 0), given.get("last", 0)
    made = {"schema": "netwatch.flow/1", "id": number, "proto": PROTOS[given["proto"]], "first": iso(first),
            "last": iso(last), "duration": (last - first) / 1e9, "interface": IFACES.get(given.get("path", 0)),
            "state": state(given), "initiator": "seen" if given.get("seen") else "guessed"}
    if given.get("src"):
        made |= {"src": end(given["src"]), "dst": end(given["dst"])}
    if given["proto"] in (6, 17):
        made |= {"sport": given.get("sport", 0), "dport": given.get("dport", 0)}
        service = SERVICES.get(made["dport"] + (65536 if given["proto"] == 17 else 0))
        if service:
            made["service"] = service
    for name, default in (("packets", (1, 0)), ("bytes", (0, 0)), ("payload", (0, 0))):
        made[f"{name}_out"], made[f"{name}_in"] = given.get(name, default)
    if given.get("ended"):
        made["ended"] = ENDED[given["ended"]]
    if given.get("path") in PATHS:
        made["vlan"] = PATHS[given["path"]]
    if given.get("app"):
        made["app"] = APPS[given["app"]]
    elif facts:
        made["app"] = APPS.get(next(iter(facts))[0])
    if "app" in made:
        made["confidence"] = given.get("confidence", 0)
    if len(given.get("src", b"")) != 6 and given["proto"] != 256:
        made["ttl"] = given.get("ttl", (0, 0))[0 if given.get("packets", (1, 0))[0] else 1]
    if tcp is not None:
        made |= tcp_record(tcp)
    if SNI in facts:
        made["tls"] = {"sni": facts[SNI].decode()}
        if given.get("app"):
            made["label"] = f"{APPS[given['app']]} {facts[SNI].decode()}"
    if NAMES in facts:
        made["dns"] = {"names": [name.decode() for name in facts[NAMES]]}
    if LATENCY in facts:
        made.setdefault("dns", {})["latency_us"] = facts[LATENCY] // 1000
    if STATUS in facts:
        made["http"] = {"status": int(facts[STATUS])}
    if given.get("process"):
        made["process"] = {"name": given["process"]}
    if given.get("host"):
        made["name"] = {"host": given["host"]}
    return made


def tcp_record(tcp: dict) -> dict:
    made = {}
    for name, key in PAIRS.items():
        made[f"{name}_out"], made[f"{name}_in"] = tcp.get(key, (0, 0))
    if tcp.get("rtt_us"):
        made["rtt_us"] = tcp["rtt_us"]
    if any(tcp.get("srtt_us", ())):
        made["srtt_us"] = max(tcp["srtt_us"])
    if any(tcp.get("mss", ())):
        made["mss"] = tcp["mss"][0] or tcp["mss"][1]
    for side, name in enumerate(("out", "in")):
        if tcp.get("wscale", (0, 0))[side]:
            made[f"window_scale_{name}"] = tcp["wscale"][side] - 1
        if tcp.get("flags", (0, 0))[side]:
            made[f"tcp_flags_{name}"] = columns.flag_names(tcp["flags"][side])
    made["sack"] = bool(tcp.get("sack"))
    return made


class Flows:
    """Rows and records of the same flows; row numbers are ids."""

    def __init__(self, given: list[dict]) -> None:
        self.sample = SampleFlows(max(1, len(given)))
        self.records = {}
        self.view = self.sample.view
        processes, hosts = RowCodes(), RowCodes()
        known = sorted({flow.get("process", "") for flow in given} - {""})
        numbers = {name: code for code, name in enumerate(known, 1)}
        for flow in given:
            row = self.sample.add(flow)
            self.records[row] = record(flow, row)
            processes.put(row, numbers.get(flow.get("process", ""), 0))
            if flow.get("host"):
                hosts.put(row, self.view.profiles.add_text(flow["host"].encode()))
        states = STATES | columns.STATES_BY_AGE
        for field, table in (("app", APPS), ("proto", PROTOS), ("state", states), ("ended", ENDED), ("vlan", PATHS),
                             ("interface", IFACES), ("service", SERVICES)):
            self.view.set_table(field, table)
        self.view.attach("process.name", processes, {code: name for name, code in numbers.items()})
        self.view.attach("name.host", hosts)
        self.view.add_plain("tls.sni", *SNI, 255, True, True)
        self.view.add_plain("dns.names", *NAMES, 255, False, True)
        self.view.add_parts("http", [STATUS], False)
        self.view.add_parts("label", [SNI], True)
        self.view.add_described("http.status", "http", status, False)
        self.view.add_described("label", "label", label, True)

    def select(self, text: str | None = None, sort: str | None = None, descending: bool = False, ended: bool = True,
               now_ns: int = 0) -> Selection:
        """The flows that match, found at once."""
        found = Selection(self.view, ended, now_ns)
        found.query(Filter(text).program if text is not None else None, sort, descending)
        return found
