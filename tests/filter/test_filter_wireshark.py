"""Wireshark's names: each is taken or refused with the name that it has here, whatever records are asked."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from netwatch_command import ROOT, Run

from netwatch.filter import Filter, FilterError
from netwatch.filter.wireshark import OLDER, OURS, PREFIXES
from netwatch.schema import NAMES

KIND = re.compile(r"of (?:(dns|http|tls) records|(packet|stream)s)")
# what analysts write most, and how: each is taken, or refused with what to write
USED = re.findall(r"\S+", """
    frame.number frame.len frame.cap_len frame.time frame.time_epoch frame.time_relative frame.time_delta
    frame.protocols frame.interface_name eth.src eth.dst eth.addr eth.type vlan.id arp.opcode arp.src.proto_ipv4
    ip.src ip.dst ip.addr ip.host ip.proto ip.ttl ip.len ip.id ip.flags.df ip.frag_offset ip.dsfield.dscp
    ip.geoip.country ip.checksum.status ipv6.addr ipv6.src ipv6.hlim icmp.type icmp.code icmpv6.type tcp.port
    tcp.srcport tcp.dstport tcp.stream tcp.len tcp.seq tcp.ack tcp.flags tcp.flags.syn tcp.flags.reset
    tcp.flags.str tcp.window_size tcp.payload tcp.window_size_value tcp.analysis.retransmission
    tcp.analysis.flags tcp.analysis.zero_window tcp.analysis.ack_rtt tcp.analysis.initial_rtt
    tcp.analysis.duplicate_ack tcp.analysis.out_of_order tcp.time_delta tcp.completeness udp.port udp.stream
    udp.length dns.qry.name dns.qry.type dns.flags.rcode dns.flags.response dns.a dns.aaaa dns.cname
    dns.resp.ttl dns.time dns.count.answers dns.flags.truncated http.request http.response http.request.method
    http.request.uri http.request.full_uri http.host http.user_agent http.response.code http.content_type
    http.time http.cookie http.referer http.server http.content_length tls.handshake tls.handshake.type
    tls.handshake.extensions_server_name tls.handshake.ja3 tls.handshake.ja3s tls.handshake.ja4
    tls.handshake.version tls.handshake.ciphersuite tls.record.version tls.alert_message
    ssl.handshake.extensions_server_name x509sat.printableString x509ce.dNSName x509af.utcTime quic.version
    dhcp.option.hostname dhcp.hw.mac_addr smb2.filename smb2.cmd kerberos.CNameString ntlmssp.auth.username
    ftp.request.command smtp.req.command ssh.protocol snmp.community sip.Method nbns.name radius.User_Name
    wlan.sa _ws.col.Info _ws.col.Protocol _ws.expert _ws.malformed communityid data.data""")


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_they_are_wiresharks() -> None:
    theirs = set()
    for table in ("fields", "protocols"):
        done = subprocess.run(["tshark", "-G", table], capture_output=True, text=True, timeout=120, check=True)
        theirs |= {line.split("\t")[2].lower() for line in done.stdout.splitlines() if line.count("\t") > 1}
    of_columns = {"_ws.col.info", "_ws.col.protocol"}  # newer than some versions
    later = {"x509af.notafter_element", "x509af.notbefore_element"}
    assert OURS.keys() - theirs <= of_columns | later
    assert PREFIXES - {name.partition(".")[0] for name in theirs} <= OLDER.keys()


def test_none_of_them_is_taken_too() -> None:
    assert not OURS.keys() & NAMES.keys()


@pytest.mark.parametrize("name", OURS)
def test_what_is_to_be_written_is_a_filter(name: str) -> None:
    advice = OURS[name]
    for kinds in ((), ("flow",), ("packet",), ("dns",)):
        for text in (name, f"{name} == 1", f"not {name}"):
            with pytest.raises(FilterError, match="is not known here; write"):
                Filter(text, kinds)
    if advice.startswith("--what http --fields "):
        return
    found = KIND.search(advice)
    condition = re.split(r", |: ", advice)[0]
    Filter(f"{condition} > 0" if condition.endswith(")") else condition, ((found[1] or found[2]) if found else "flow",))


@pytest.mark.parametrize("kinds", [("flow",), ("packet",), ("dns",), ("http",), ("tls",)])
def test_what_analysts_write_is_taken_or_refused(kinds: tuple[str, ...]) -> None:
    """Never looked for as text, which would find nothing without a word."""
    for name in USED:
        for text in (name, f"exists {name}"):
            try:
                assert Filter(text, kinds).fields or "." not in name
                assert "search" not in type(Filter(text, kinds).node).__name__.lower(), text
            except FilterError as error:
                assert re.search("write |did you mean", str(error)), (text, str(error))


@pytest.mark.parametrize(("text", "said"), [
    ('frame contains "apple"', "bytes are not looked at"), ('tcp contains "x"', "--what streams -Y 'text contains"),
    ("http matches /x/", "bytes are not looked at"), ("eth.addr[0:3] == 00:11:22", "write eth.addr contains"),
    ("tcp[13] & 2 != 0", "not compared here"), ("tcp.flags & 0x02", "bits are not masked"),
    ("smb2.cmd == 5", "told by names"), ("kerberos.etype == 18", "told by names")])
def test_what_is_asked_of_bytes(text: str, said: str) -> None:
    with pytest.raises(FilterError, match=re.escape(said)):
        Filter(text, ("packet",))


@pytest.mark.parametrize(("what", "field", "said"), [
    ("dns", "dns.a", "did you mean dns.answers?\n"), ("dns", "dns.time", "did you mean dns.latency_us?\n"),
    ("dns", "tcp.stream", "did you mean flow?"), ("http", "http.cookie", "--fields request_headers.cookie"),
    ("flows", "tcp.stream", "did you mean id?"), ("packets", "frame.time_epoch", "--time epoch"),
    ("flows", "x509ce.dNSName", "did you mean tls.cert.san?")])
def test_as_fields_to_show(netwatch: Run, what: str, field: str, said: str) -> None:
    done = netwatch("read", ROOT / "docs/tour.pcap", "--what", what, "--fields", field)
    assert done.returncode == 2
    assert said in done.stderr
