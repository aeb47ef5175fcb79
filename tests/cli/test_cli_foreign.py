"""--format zeek, eve, arrow and parquet: the words of other programs, and tables."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

from netwatch._fast.out.communityid import community_id
from netwatch.records.foreign.zeek import conn_state

CAPTURES = ROOT / "tests" / "captures"
# the fields that the manuals list: Zeek's conn.log, dns.log, http.log, ssl.log, notice.log with community-id and JA3
ZEEK = {
    "conn": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
            "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents "
            "ip_proto vlan inner_vlan orig_l2_addr resp_l2_addr community_id",
    "dns": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype "
           "qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected opcode opcode_name",
    "http": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent "
            "origin request_body_len response_body_len status_code status_msg info_code info_msg tags username "
            "password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types",
    "ssl": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert "
           "next_protocol established ssl_history cert_chain_fps client_cert_chain_fps subject issuer client_subject "
           "client_issuer sni_matches_cert validation_status ja3 ja3s ja4",
    "notice": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p fuid file_mime_type file_desc proto note msg sub src dst "
              "p n peer_descr actions email_dest suppress_for remote_location",
}
EVE = {
    "": "timestamp flow_id in_iface event_type vlan src_ip src_port dest_ip dest_port proto icmp_type icmp_code "
        "app_proto community_id pcap_cnt tx_id",
    "flow": "pkts_toserver pkts_toclient bytes_toserver bytes_toclient start end age state reason alerted bypass",
    "tcp": "tcp_flags tcp_flags_ts tcp_flags_tc syn fin rst psh ack urg ecn cwr ece state",
    "dns": "version type id flags qr aa tc rd ra rrname rrtype rcode ttl rdata answers grouped authorities",
    "http": "hostname url http_user_agent http_content_type http_refer http_method protocol status redirect length "
            "xff http_port",
    "tls": "subject issuerdn serial fingerprint sni version notbefore notafter session_resumed ja3 ja3s ja4 "
           "certificate chain from_proto client",
    "alert": "action gid signature_id rev signature category severity",
}


def lines(netwatch: Run, name: str, style: str, what: str = "flows,dns,http,tls,alerts") -> list[dict[str, object]]:
    done = netwatch("read", CAPTURES / f"{name}.pcap", "--what", what, "--format", style)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["http", "https", "dns", "smb", "tls12-resumption", "mdns", "dns-encrypted"])
def test_zeek_has_only_fields_of_zeek(name: str, netwatch: Run) -> None:
    found = lines(netwatch, name, "zeek")
    assert found
    for line in found:
        path = line.pop("_path")
        assert set(line) <= set(ZEEK[str(path)].split()), path
        assert "ts" in line and ("uid" in line or path == "notice")  # a notice is of several connections
    by_flow = {str(line["uid"]) for line in found if "uid" in line}
    assert len(by_flow) == len(lines(netwatch, name, "zeek", "flows"))
    assert all(len(uid) == 18 and uid[0] == "C" for uid in by_flow)


@pytest.mark.parametrize("name", ["http", "https", "dns", "smb", "tls12-resumption", "mdns", "dns-encrypted"])
def test_eve_has_only_fields_of_eve(name: str, netwatch: Run) -> None:
    found = lines(netwatch, name, "eve")
    assert found
    for event in found:
        kind = str(event["event_type"])
        top = set(EVE[""].split()) | {kind} | ({"tcp"} if kind == "flow" else set())
        assert set(event) <= top
        for part in {kind, "tcp"} & set(event):
            inner = event[part]
            assert isinstance(inner, dict)
            assert set(inner) <= set(EVE[part].split()), part
        assert str(event["timestamp"]).endswith("+0000")
        assert len(str(event["timestamp"])) == len("2026-01-02T03:04:05.678901+0000")


def test_numbers_are_those_of_our_records(netwatch: Run) -> None:
    ours = lines(netwatch, "https", "ndjson", "flows")
    zeek, eve = lines(netwatch, "https", "zeek", "flows"), lines(netwatch, "https", "eve", "flows")
    for flow, conn, event in zip(ours, zeek, eve, strict=True):
        assert (conn["orig_bytes"], conn["resp_bytes"]) == (flow["payload_out"], flow["payload_in"])
        assert (conn["orig_pkts"], conn["resp_pkts"]) == (flow["packets_out"], flow["packets_in"])
        about = event["flow"]
        assert isinstance(about, dict)
        assert (about["bytes_toserver"], about["bytes_toclient"]) == (flow["bytes_out"], flow["bytes_in"])
        assert conn["community_id"] == event["community_id"] == community_id(flow)
        assert (conn["service"], event["app_proto"], conn["conn_state"]) == ("ssl", "tls", "SF")
    assert len({event["flow_id"] for event in eve}) == len(eve)


def test_a_dns_answer(netwatch: Run) -> None:
    zeek = [line for line in lines(netwatch, "dns", "zeek") if line["_path"] == "dns"]
    first = zeek[0]
    assert (first["query"], first["qtype"], first["qtype_name"], first["rcode"], first["rcode_name"]) == (
        "www.lab.example", 1, "A", 0, "NOERROR")
    assert (first["answers"], first["TTLs"], first["rtt"], first["AA"]) == (["10.77.0.2"], [0.0], 0.000382, True)
    kinds = [event["dns"]["type"] for event in lines(netwatch, "dns", "eve", "dns")]  # type: ignore[index]
    assert kinds[:2] == ["query", "answer"]


@pytest.mark.parametrize(("flow", "wanted"), [  # the vectors that the specification comes with, and RFC 4443's echo
    (("tcp", "128.232.110.120", 34855, "66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    (("tcp", "66.35.250.204", 80, "128.232.110.120", 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    (("udp", "192.168.1.52", 54585, "8.8.8.8", 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
])
def test_community_id(flow: tuple[str, str, int, str, int], wanted: str) -> None:
    proto, src, sport, dst, dport = flow
    assert community_id({"proto": proto, "src": src, "sport": sport, "dst": dst, "dport": dport}) == wanted


def test_community_id_of_icmp() -> None:
    there = community_id({"proto": "icmp", "src": "192.168.0.89", "dst": "192.168.0.1", "icmp": {"id": 7}})
    assert there == "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="
    assert community_id({"proto": "arp", "src": "10.0.0.1", "dst": "10.0.0.2"}) is None
    assert community_id({"proto": "tcp", "src": "not an address", "dst": "10.0.0.2"}) is None
    one = {"proto": "icmp", "src": "10.0.0.2", "dst": "10.0.0.1", "icmp": {"type": 3, "code": 1}}
    assert community_id(one) != community_id({**one, "src": "10.0.0.1", "dst": "10.0.0.2"})


@pytest.mark.parametrize(("out", "back", "ended", "wanted"), [
    ("SYN", "", "timeout", "S0"), ("SYN", "SYN ACK", "timeout", "S1"), ("SYN FIN", "SYN FIN", "fin", "SF"),
    ("SYN", "RST ACK", "rst", "REJ"), ("SYN FIN", "SYN", "timeout", "S2"), ("SYN", "SYN FIN", "timeout", "S3"),
    ("SYN RST", "SYN", "rst", "RSTO"), ("SYN", "SYN RST", "rst", "RSTR"), ("SYN RST", "", "rst", "RSTOS0"),
    ("", "SYN RST", "rst", "RSTRH"), ("SYN FIN", "", "timeout", "SH"), ("", "SYN FIN", "timeout", "SHR"),
    ("ACK", "ACK", "timeout", "OTH")])
def test_conn_states(out: str, back: str, ended: str, wanted: str) -> None:
    assert conn_state({"proto": "tcp", "tcp_flags_out": out.split(), "tcp_flags_in": back.split(),
                       "ended": ended}) == wanted


@pytest.mark.parametrize(("words", "said"), [
    (["--what", "packets", "--format", "zeek"], "has words for alert, dns, flows, http, tls, not for packets"),
    (["--format", "eve", "--fields", "src"], "--format eve and --fields do not go together"),
    (["--format", "zeek", "--time", "epoch"], "--format zeek and --time do not go together"),
    (["--what", "flows,dns", "--format", "parquet"], "takes one kind of record"),
    (["--what", "summary", "--format", "arrow"], "the summary is one"),
    (["--format", "arrow", "--sort", "bytes"], "--format arrow and --sort do not go together"),
    (["--what", "dns", "--format", "arrow", "--fields", "process.name"], "of flows; dns records have not got it"),
])
def test_what_does_not_go_together(words: list[str], said: str, netwatch: Run) -> None:
    done = netwatch("read", CAPTURES / "dns.pcap", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def table(name: str, *words: str) -> object:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    style = words[words.index("--format") + 1]
    done = subprocess.run([*COMMAND, "read", str(CAPTURES / f"{name}.pcap"), *words], env=ENVIRONMENT,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    if style == "parquet":
        return pyarrow.parquet.read_table(io.BytesIO(done.stdout))
    return pa.ipc.open_stream(done.stdout).read_all()


@pytest.mark.parametrize("what", ["flows", "packets", "dns", "http", "tls", "streams", "alerts"])
def test_tables_are_those_of_the_library(what: str) -> None:
    pytest.importorskip("pyarrow")
    import netwatch as library

    wanted = library.read(CAPTURES / "http.pcap", what).to_arrow()
    for style in ("arrow", "parquet"):
        found = table("http", "--what", what, "--format", style)
        assert found.schema.names == wanted.schema.names  # type: ignore[attr-defined]
        assert found.to_pylist() == wanted.to_pylist()  # type: ignore[attr-defined]


def test_tables_with_other_options() -> None:
    found = table("https", "--format", "parquet", "--fields", "tls.sni,bytes", "--where", "tls", "--limit", "1")
    assert found.to_pylist() == [{"tls.sni": "www.lab.example", "bytes": 4552}]  # type: ignore[attr-defined]
    none = table("https", "--format", "arrow", "--where", "port == 1")
    assert none.num_rows == 0  # type: ignore[attr-defined]


def test_without_the_extra() -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from netwatch.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, "read", str(CAPTURES / "dns.pcap"), "--format", "parquet"],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 69
    assert done.stderr == ("netwatch: --format parquet: pyarrow is not installed: pip install 'netwatch[analysis]'\n")


def test_no_table_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run([*COMMAND, "read", str(CAPTURES / "dns.pcap"), "--format", "arrow"], env=ENVIRONMENT,
                          stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert "is not for a terminal: redirect it into a file" in done.stderr
