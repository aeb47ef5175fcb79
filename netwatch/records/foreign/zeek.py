"""Zeek's conn, dns, http, ssl and notice logs, in the JSON of its streaming logs. What is not known is left out."""

from __future__ import annotations

from netwatch._fast.out.communityid import community_id
from netwatch.model.record import Record
from netwatch.records.foreign.common import BASE62, header, number_of, seconds, there

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35,
         "OPT": 41, "DS": 43, "RRSIG": 46, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65, "AXFR": 252, "ANY": 255, "CAA": 257}
CLASSES = {"IN": (1, "C_INTERNET"), "CH": (3, "C_CHAOS"), "HS": (4, "C_HESIOD"), "ANY": (255, "C_ANY")}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6,
          "YXRRSET": 7, "NXRRSET": 8, "NOTAUTH": 9, "NOTZONE": 10}
SERVICES = {"tls": "ssl"}  # where they are called otherwise
VERSIONS = {"SSL 3.0": "SSLv3", "TLS 1.0": "TLSv10", "TLS 1.1": "TLSv11", "TLS 1.2": "TLSv12", "TLS 1.3": "TLSv13",
            "DTLS 1.0": "DTLSv10", "DTLS 1.2": "DTLSv12", "DTLS 1.3": "DTLSv13"}
LAST = 61  # letters of BASE62 less one


def line(kind: str, record: Record, flow: Record) -> Record | None:
    """The log line of a record; None for what Zeek would not log."""
    made = {"flow": _conn, "dns": _dns, "http": _http, "tls": _ssl, "alert": _notice}[kind](record, flow)
    return there(made) if made is not None else None


def uid(flow: Record) -> str | None:
    """C and 17 letters, the same for one flow in all logs."""
    if "id" not in flow:
        return None
    number, letters = number_of(flow, 100), ""
    for _ in range(17):
        number, rest = divmod(number, LAST + 1)
        letters += BASE62[rest]
    return "C" + letters


def _ends(flow: Record) -> Record:
    icmp = flow.get("icmp", {})
    return {"uid": uid(flow), "id.orig_h": flow.get("src"), "id.orig_p": flow.get("sport", icmp.get("type")),
            "id.resp_h": flow.get("dst"), "id.resp_p": flow.get("dport", icmp.get("code"))}


def _conn(record: Record, flow: Record) -> Record:
    tags = [*record.get("vlan", ()), None, None]
    return {"_path": "conn", "ts": seconds(record.get("first")), **_ends(flow), "proto": record["proto"],
            "service": SERVICES.get(record.get("app", ""), record.get("app")), "duration": record.get("duration"),
            "orig_bytes": record.get("payload_out"), "resp_bytes": record.get("payload_in"),
            "conn_state": conn_state(record), "orig_pkts": record.get("packets_out"),
            "resp_pkts": record.get("packets_in"), "vlan": tags[0], "inner_vlan": tags[1],
            "community_id": community_id(record)}


def conn_state(record: Record) -> str:
    """Zeek's word for how the connection went."""
    out, back = set(record.get("tcp_flags_out", ())), set(record.get("tcp_flags_in", ()))
    if record["proto"] != "tcp":
        return "SF" if record.get("packets_in") and record.get("packets_out") else "S0"
    if "SYN" not in out:
        return "OTH" if "SYN" not in back else "RSTRH" if "RST" in back else "SHR" if "FIN" in back else "OTH"
    if "SYN" not in back:
        return "REJ" if "RST" in back else "RSTOS0" if "RST" in out else "SH" if "FIN" in out else "S0"
    if record.get("ended") == "rst":
        return "RSTR" if "RST" in back else "RSTO"
    ends = ("FIN" in out, "FIN" in back)
    return {(True, True): "SF", (True, False): "S2", (False, True): "S3", (False, False): "S1"}[ends]


def _dns(record: Record, flow: Record) -> Record | None:
    """A line for each response, which has what Zeek's has of the query too."""
    if record.get("qr") != "response":
        return None
    asked = (record.get("questions") or [{}])[0]
    flags, answers = record.get("flags", []), [each for each in record.get("answers", [])
                                               if each.get("section", "answer") == "answer"]
    rtt = record["latency_us"] / 1e6 if "latency_us" in record else None
    time = seconds(record.get("time"))
    kind, cls = asked.get("type"), CLASSES.get(asked.get("class", ""), (None, None))
    return {"_path": "dns", "ts": time if time is None or rtt is None else round(time - rtt, 6), **_ends(flow),
            "proto": flow.get("proto"), "trans_id": record.get("id"), "rtt": rtt, "query": asked.get("name"),
            "qclass": cls[0], "qclass_name": cls[1], "qtype": TYPES.get(kind or ""), "qtype_name": kind,
            "rcode": RCODES.get(record.get("rcode", "")), "rcode_name": record.get("rcode"), "AA": "aa" in flags,
            "TC": "tc" in flags, "RD": "rd" in flags, "RA": "ra" in flags,
            "answers": [str(each["data"]) for each in answers if "data" in each],
            "TTLs": [float(each["ttl"]) for each in answers if "ttl" in each and "data" in each],
            "rejected": record.get("rcode") in ("REFUSED",)}


def _http(record: Record, flow: Record) -> Record:
    asked, told = record.get("request_headers", {}), record.get("response_headers", {})
    return {"_path": "http", "ts": seconds(record.get("time")), **_ends(flow), "method": record.get("method"),
            "host": record.get("host"), "uri": record.get("path"), "referrer": header(asked, "referer"),
            "version": record.get("version"), "user_agent": header(asked, "user-agent"),
            "origin": header(asked, "origin"), "request_body_len": record.get("request_bytes"),
            "response_body_len": record.get("response_bytes"), "status_code": record.get("status"),
            "resp_mime_types": [kind.partition(";")[0].strip()] if (kind := header(told, "content-type")) else None}


def _ssl(record: Record, flow: Record) -> Record:
    tls = record.get("tls", {})
    cert, client = tls.get("cert", {}), tls.get("client_cert", {})
    return {"_path": "ssl", "ts": seconds(record.get("time")), **_ends(flow),
            "version": VERSIONS.get(tls.get("version", ""), tls.get("version")), "cipher": tls.get("cipher"),
            "server_name": tls.get("sni"), "resumed": tls.get("resumed"), "last_alert": tls.get("alert"),
            "next_protocol": tls.get("alpn_chosen"), "established": "cipher" in tls and "alert" not in tls,
            "subject": cert.get("subject"), "issuer": cert.get("issuer"), "client_subject": client.get("subject"),
            "client_issuer": client.get("issuer"), "ja3": tls.get("ja3"), "ja3s": tls.get("ja3s"),
            "ja4": tls.get("ja4")}


def _notice(record: Record, flow: Record) -> Record:
    return {"_path": "notice", "ts": seconds(record.get("time") or record.get("first")), **_ends(flow),
            "note": f"Netwatch::{''.join(map(str.title, record['kind'].split('-')))}", "msg": record.get("text"),
            "sub": record.get("title"), "src": record.get("src"), "dst": record.get("dst"), "p": record.get("dport"),
            "n": record.get("count")}
