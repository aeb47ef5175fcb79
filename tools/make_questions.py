"""Writes docs/questions.md: questions that analysts ask, each as one command, with its answer.

    python tools/make_questions.py            write it
    python tools/make_questions.py --check    exit 1 when it is not what would be written
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "questions.md"
MOST_LINES = 12  # of an answer
HEAD = """<!-- Written by tools/make_questions.py. Change that, not this. -->
# Questions, and the commands that answer them

Each is one command on a capture of this checkout, with what it prints, beside the tshark command for the same. The
answers are made by running the commands ([test_cli_questions.py](../tests/cli/test_cli_questions.py) runs them all, the
tshark half where tshark is installed; where both name the same values, the values are compared). Where an answer is
long its first lines are shown. Without `--format` a terminal shows a table and a pipe has NDJSON.
"""


class Question(NamedTuple):
    """`same`: both commands print the same values in the same order, up to a heading, blanks and separators."""

    text: str
    ours: str
    theirs: str
    same: bool = False


T, C = "docs/tour.pcap", "tests/captures"
LINES = "--format csv"
FIELDS = "-T fields -E separator=,"
QUESTIONS = (
    Question("How much is there, and of what?", f"read {T} --what summary --format json", f"-r {T} -q -z io,stat,0"),
    Question("Who spoke with whom over TCP?", f"stats conversations {T} --type tcp --format table",
             f"-r {T} -q -z conv,tcp"),
    Question("Who sent how much?", f"stats endpoints {T} --format table", f"-r {T} -q -z endpoints,ip"),
    Question("Which protocols, one in another?", f"stats protocols {T} --format table", f"-r {T} -q -z io,phs"),
    Question("How did the traffic go over time?", f"stats io {T} --interval 200ms --format table",
             f"-r {T} -q -z io,stat,0.2"),
    Question("Who is there?", f"hosts {T} --format table", f"-r {T} -q -z hosts"),
    Question("Which sender sent most?", f"stats flows {T} --by src --sum bytes_out --top 3 --format table",
             f"-r {T} -q -z endpoints,ip"),
    Question("Which are the largest flows?",
             f"read {T} --sort bytes:desc --limit 3 --fields src,dst,dport,bytes {LINES}",
             f"-r {T} -q -z conv,tcp"),
    Question("Which flows lasted longest?",
             f"read {T} --sort duration:desc --limit 3 --fields src,dst,app,duration {LINES}",
             f"-r {T} -q -z conv,tcp"),
    Question("Who received more than twice of what they sent?",
             f"read {C}/http.pcap -Y 'bytes_in > 2 * bytes_out' --fields src,dst,sport,bytes_out,bytes_in {LINES}",
             f"-r {C}/http.pcap -q -z conv,tcp"),
    Question("Which names were looked up, by whom?",
             f"read {T} --what dns -Y 'qr == query' --fields client,questions.name {LINES}",
             f"-r {T} -Y 'dns.flags.response == 0' {FIELDS} -e ip.src -e dns.qry.name"),
    Question("Which lookups failed?",
             f"read {T} --what dns -Y 'rcode and rcode != NOERROR' --fields client,server,rcode {LINES}",
             f"-r {T} -Y 'dns.flags.rcode != 0' {FIELDS} -e ip.dst -e ip.src -e dns.flags.rcode"),
    Question("How quick is DNS?", f"stats dns {T} --format table", f"-r {T} -q -z dns,tree"),
    Question("Which addresses had names in answers?",
             f"read {T} --what dns -Y answers.data --fields answers.data {LINES}",
             f"-r {T} -Y 'dns.a or dns.aaaa' {FIELDS} -e dns.a -e dns.aaaa"),
    Question("Which lookups were of long names?", f"read {T} -Y 'len(dns.names) > 15' --fields dns.names {LINES}",
             f"-r {T} -Y 'dns.qry.name.len > 15 and dns.flags.response == 0' {FIELDS} -e dns.qry.name"),
    Question("What was requested over HTTP?", f"read {T} --what http --fields method,host,path {LINES}",
             f"-r {T} -Y http.request {FIELDS} -e http.request.method -e http.host -e http.request.uri", True),
    Question("Which requests failed?",
             f"read {C}/http.pcap --what http -Y 'status >= 400' --fields status,path {LINES}",
             f"-r {C}/http.pcap -Y 'http.response.code >= 400' {FIELDS} -e http.response.code "
             "-e http.response_for.uri"),
    Question("Which methods and codes are there?", f"stats http {C}/http.pcap --format table",
             f"-r {C}/http.pcap -q -z http,tree"),
    Question("Which programs say what they are?",
             f"read {C}/http.pcap -Y user_agent --fields src,user_agent --limit 3 {LINES}",
             f"-r {C}/http.pcap -Y http.user_agent {FIELDS} -e ip.src -e http.user_agent"),
    Question("Which servers were asked for by name in TLS?", f"read {T} -Y sni --fields sni,dst,dport {LINES}",
             f"-r {T} -Y tls.handshake.extensions_server_name "
             f"{FIELDS} -e tls.handshake.extensions_server_name -e ip.dst "
             "-e tcp.dstport", True),
    Question("Which versions and ciphers of TLS?", f"read {T} --what tls --fields tls.version,tls.cipher {LINES}",
             f"-r {T} -Y 'tls.handshake.type == 2' {FIELDS} -e tls.handshake.version -e tls.handshake.ciphersuite"),
    Question("Which certificates, and until when?",
             f"read {T} --what tls --fields tls.cert.subject,tls.cert.not_after {LINES}",
             f"-r {T} -Y tls.handshake.certificate {FIELDS} -e x509sat.uTF8String -e x509af.utcTime"),
    Question("Which fingerprint has the client (JA3)?", f"read {T} --what tls --fields src,ja3 {LINES}",
             f"-r {T} -Y 'tls.handshake.type == 1' {FIELDS} -e ip.src -e tls.handshake.ja3", True),
    Question("Which names over QUIC?", f"read {C}/http3.pcap -Y quic.sni --fields quic.sni --limit 1 {LINES}",
             f"-r {C}/http3.pcap -Y tls.handshake.extensions_server_name -c 40 {FIELDS} "
             "-e tls.handshake.extensions_server_name"),
    Question("Which connections were refused?",
             f"read {T} -Y 'tcp_flags_in == RST and packets_out == 1' --fields src,dst,dport {LINES}",
             f"-r {T} -Y 'tcp.flags.reset == 1' {FIELDS} -e ip.dst -e ip.src -e tcp.srcport"),
    Question("How long is the way to each server?", f"stats rtt {T} --format table",
             f"-r {T} -Y 'tcp.flags.syn == 1 and tcp.flags.ack == 1' {FIELDS} -e ip.src -e tcp.srcport -e tcp.ack"),
    Question("What is remarkable?", f"stats expert {T} --format table", f"-r {T} -q -z expert"),
    Question("Where were packets lost?", f"read {T} -Y 'retransmits > 0' --fields src,dst,retransmits {LINES}",
             f"-r {T} -Y tcp.analysis.retransmission {FIELDS} -e ip.src -e ip.dst", True),
    Question("Which frames are of one host and port?",
             f"read {T} --what packets -Y 'host 192.0.2.10 and port 53' --fields n,src,dst {LINES}",
             f"-r {T} -Y 'ip.addr == 192.0.2.10 and udp.port == 53' "
             f"{FIELDS} -e frame.number -e ip.src -e ip.dst", True),
    Question("Which frames are large?", f"read {T} --what packets -Y 'frame.len > 400' --fields n,len {LINES}",
             f"-r {T} -Y 'frame.len > 400' {FIELDS} -e frame.number -e frame.len", True),
    Question("What is in a frame?", f"show {T} --frame 3", f"-r {T} -Y 'frame.number == 3' -V"),
    Question("Which bytes are in a frame?", f"show {T} --frame 3 -x", f"-r {T} -Y 'frame.number == 3' -x"),
    Question("What did they say?", f"read {T} --follow 6", f"-r {T} -q -z follow,tcp,ascii,0"),
    Question("Who asked for which address on the local network?", f"read {T} -Y arp --fields src,dst {LINES}",
             f"-r {T} -Y 'arp.opcode == 1' {FIELDS} -e arp.src.proto_ipv4 -e arp.dst.proto_ipv4", True),
    Question("Who logged in over FTP, and what was fetched?",
             f"read {C}/ftp.pcap -Y 'app == ftp' --fields ftp {LINES} --limit 2",
             f"-r {C}/ftp.pcap -Y ftp.request {FIELDS} -e ftp.request.command -e ftp.request.arg"),
    Question("Who mailed whom?", f"read {C}/smtp.pcap -Y smtp --fields smtp --limit 1 --format json",
             f"-r {C}/smtp.pcap -Y smtp.req {FIELDS} -e smtp.req.command -e smtp.req.parameter"),
    Question("Which hosts got an address?",
             f"read {C}/dhcp.pcap -Y dhcp --fields dhcp.hostname,dhcp.state --limit 3 {LINES}",
             f"-r {C}/dhcp.pcap -Y dhcp {FIELDS} -e dhcp.option.hostname -e dhcp.ip.your"),
    Question("Which SSH programs?", f"read {C}/ssh.pcap -Y ssh --fields ssh.client,ssh.server --limit 1 {LINES}",
             f"-r {C}/ssh.pcap -Y ssh.protocol {FIELDS} -e ssh.protocol"),
    Question("Which files over SMB?", f"read {C}/smb.pcap -Y smb --fields smb --limit 1 --format json",
             f"-r {C}/smb.pcap -Y smb2.filename {FIELDS} -e smb2.filename"),
    Question("Is everything on the ports it should be?",
             f"stats flows {T} --by proto,dport,app --sum packets --format table",
             f"-r {T} -q -z io,phs"),
    Question("Does every flow keep to a rule?", f"assert 'not tcp or port in {{80, 443, 8080}}' {T}",
             f"-r {T} -Y 'tcp and not tcp.port in {{80, 443, 8080}}'"),
)


def run(words: str) -> str:
    """What `netwatch WORDS` prints, in this checkout."""
    done = subprocess.run(f"{sys.executable} -P -m netwatch {words}", shell=True, cwd=ROOT, capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
                               "XDG_CONFIG_HOME": str(ROOT / "tests" / "no-such-folder")}, timeout=60,
                          check=False)
    if done.returncode:
        raise SystemExit(f"netwatch {words}: {done.returncode} {done.stderr}")
    return done.stdout


def shown(answer: str) -> str:
    """An answer as it stands in the page."""
    lines = [line.rstrip() for line in answer.splitlines()]
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"... ({more} lines more)"] if more > 0 else [])]) or "(nothing)"


def page() -> str:
    parts = [HEAD]
    for number, question in enumerate(QUESTIONS, 1):
        parts.append(f"\n## {number}. {question.text}\n\n```console\n$ netwatch {question.ours}\n"
                     f"{shown(run(question.ours))}\n$ tshark {question.theirs}\n```\n")
    return "".join(parts)


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return int(PAGE.read_text("utf-8") != text)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
