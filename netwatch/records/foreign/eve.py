"""Suricata's EVE: flow, dns, http, tls and alert events. What is not known is left out."""

from __future__ import annotations

from netwatch._fast.out.communityid import community_id
from netwatch.model.record import Record
from netwatch.records.foreign.common import header, number_of, seconds, there

PROTOS = {"icmp": "ICMP", "icmp6": "IPv6-ICMP"}
REASONS = {"timeout": "timeout", "evicted": "forced", "end-of-input": "shutdown"}
STATES = {"fin": "closed", "rst": "closed"}
TCP_BITS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128}
TCP_STATES = {"SYN_SENT": "syn_sent", "SYN_RECV": "syn_recv", "ESTABLISHED": "established", "FIN_WAIT1": "fin_wait1",
              "FIN_WAIT2": "fin_wait2", "TIME_WAIT": "time_wait", "CLOSE_WAIT": "close_wait", "LAST_ACK": "last_ack",
              "CLOSING": "closing", "CLOSED": "closed"}
SEVERITY = {"critical": 1, "warning": 2, "info": 3}
VERSIONS = {"SSL 3.0": "SSLv3", "TLS 1.0": "TLSv1"}


def line(kind: str, record: Record, flow: Record) -> Record | None:
    """The event of a record."""
    when = record.get("time") or record.get("last")
    made = {"flow": _flow, "dns": _dns, "http": _http, "tls": _tls, "alert": _alert}[kind](record)
    if made is None:
        return None
    proto = flow.get("proto", "")
    icmp = flow.get("icmp", {})
    vlan = flow.get("vlan")
    return there({
        "timestamp": _stamp(when), "flow_id": number_of(flow, 53) if "id" in flow else None,
        "in_iface": flow.get("interface"), "event_type": kind, "vlan": vlan,
        "src_ip": flow.get("src", record.get("src")), "src_port": flow.get("sport"),
        "dest_ip": flow.get("dst", record.get("dst")), "dest_port": flow.get("dport", record.get("dport")),
        "proto": PROTOS.get(proto, proto.upper()) or None, "icmp_type": icmp.get("type"),
        "icmp_code": icmp.get("code"), "community_id": community_id(flow) if flow else None, **made})


def _stamp(time: str | None) -> str | None:
    """As EVE writes times: to the microsecond, with the zone as +0000."""
    return None if seconds(time) is None or time is None else f"{time[:26]}+0000"


def _flow(record: Record) -> Record:
    out, back = record.get("tcp_flags_out", ()), record.get("tcp_flags_in", ())
    bits = [sum(TCP_BITS[name] for name in names) for names in (out, back)]
    tcp = None
    if record["proto"] == "tcp":
        tcp = there({"tcp_flags": f"{bits[0] | bits[1]:02x}", "tcp_flags_ts": f"{bits[0]:02x}",
                     "tcp_flags_tc": f"{bits[1]:02x}", **{name.lower(): True for name in TCP_BITS
                                                          if name in (*out, *back)},
                     "state": TCP_STATES.get(record.get("state", ""))})
    ended = record.get("ended", "")
    state = STATES.get(ended) or ("established" if record.get("packets_in") and record.get("packets_out") else "new")
    return {"app_proto": record.get("app"),
            "flow": there({"pkts_toserver": record.get("packets_out"), "pkts_toclient": record.get("packets_in"),
                           "bytes_toserver": record.get("bytes_out"), "bytes_toclient": record.get("bytes_in"),
                           "start": _stamp(record.get("first")), "end": _stamp(record.get("last")),
                           "age": int(record.get("duration", 0)), "state": state,
                           "reason": REASONS.get(ended)}),
            "tcp": tcp}


def _dns(record: Record) -> Record:
    asked = (record.get("questions") or [{}])[0]
    flags = record.get("flags", ())
    answer = record.get("qr") == "response"
    answers = [there({"rrname": each.get("name"), "rrtype": each.get("type"), "ttl": each.get("ttl"),
                      "rdata": str(each["data"]) if "data" in each else None})
               for each in record.get("answers", ()) if each.get("section", "answer") == "answer"]
    return {"dns": there({"version": 2 if answer else None, "type": "answer" if answer else "query",
                          "id": record.get("id"), "qr": True if answer else None,
                          **{name: True for name in ("aa", "tc", "rd", "ra") if name in flags},
                          "rrname": asked.get("name"), "rrtype": asked.get("type"), "rcode": record.get("rcode"),
                          "answers": answers if answer else None})}


def _http(record: Record) -> Record:
    asked, told = record.get("request_headers", {}), record.get("response_headers", {})
    version = record.get("version")
    return {"http": there({"hostname": record.get("host"), "url": record.get("path"),
                           "http_user_agent": header(asked, "user-agent"),
                           "http_content_type": (header(told, "content-type") or "").partition(";")[0] or None,
                           "http_refer": header(asked, "referer"), "http_method": record.get("method"),
                           "protocol": f"HTTP/{version}" if version else None, "status": record.get("status"),
                           "redirect": header(told, "location"), "length": record.get("response_bytes")})}


def _tls(record: Record) -> Record:
    tls = record.get("tls", {})
    cert = tls.get("cert", {})
    version = tls.get("version")
    return {"tls": there({"subject": cert.get("subject"), "issuerdn": cert.get("issuer"), "sni": tls.get("sni"),
                          "session_resumed": tls.get("resumed") or None, "version": VERSIONS.get(version, version),
                          "notbefore": (cert.get("not_before") or "").rstrip("Z") or None,
                          "notafter": (cert.get("not_after") or "").rstrip("Z") or None,
                          "ja3": {"hash": tls["ja3"]} if "ja3" in tls else None,
                          "ja3s": {"hash": tls["ja3s"]} if "ja3s" in tls else None, "ja4": tls.get("ja4")})}


def _alert(record: Record) -> Record:
    return {"alert": there({"action": "allowed", "signature": record.get("title"), "category": record.get("kind"),
                            "severity": SEVERITY.get(record.get("severity", ""), 3)})}
