"""Names, addresses and time: DNS, mDNS, NetBIOS names, DHCP, NTP, SSDP."""

from __future__ import annotations

from scenarios.table import scenario
from scenarios.world import CLIENT, NET, SERVER, WWW, World

DHCP_SCRIPT = "#!/bin/sh\nexit 0\n"


def dnsmasq(w: World, *more: str, udp: int = 53) -> None:
    w.server.start(
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        f"--pid-file={w.folder}/dnsmasq.pid",
        f"--interface={w.server.link}",
        "--bind-interfaces",
        *more,
        udp=udp,
    )


def dig(w: World, *words: str) -> str:
    return w.client.run("dig", f"@{SERVER}", "+tries=1", "+time=2", "+nocookie", *words)


@scenario("dns", "port 53", "dnsmasq dig")
def dns(w: World) -> None:
    """Answers of many types, a name that is not there, a refusal, the same over TCP."""
    dnsmasq(
        w,
        f"--address=/{WWW}/{SERVER}",
        f"--address=/{WWW}/fd00:77::2",
        "--local=/lab.example/",
        f"--cname=web.lab.example,{WWW}",
        f"--host-record={WWW},{SERVER}",
        "--mx-host=lab.example,mail.lab.example,10",
        "--txt-record=lab.example,v=spf1 -all,two words",
        "--srv-host=_sip._tcp.lab.example,sip.lab.example,5060,1,2",
        f"--ptr-record=2.0.77.10.in-addr.arpa,{WWW}",
        "--caa-record=lab.example,0,issue,ca.lab.example",
        "--naptr-record=lab.example,10,20,u,E2U+sip,,sip.lab.example",
    )
    for words in (
        (WWW, "A"),
        (WWW, "AAAA"),
        ("web.lab.example", "A"),
        ("lab.example", "MX"),
        ("lab.example", "TXT"),
        ("_sip._tcp.lab.example", "SRV"),
        ("lab.example", "NAPTR"),
        ("-x", SERVER),
        ("none.lab.example", "A"),
        ("elsewhere.example", "A"),
        ("version.bind", "TXT", "CH"),
        ("lab.example", "CAA", "+noedns"),
        (WWW, "A", "+tcp"),
        ("lab.example", "TXT", "+tcp", "+dnssec"),
    ):
        dig(w, *words)


@scenario("dns", "port 53", "dnsmasq dig")
def dns_truncated(w: World) -> None:
    """An answer too large for UDP, asked for again over TCP."""
    dnsmasq(w, *(f"--txt-record=large.lab.example,row {i} of many {'x' * 60}" for i in range(30)))
    dig(w, "large.lab.example", "TXT", "+bufsize=512")


@scenario("tls", "tcp port 853 or tcp port 443", "unbound kdig")
def dns_encrypted(w: World) -> None:
    """DNS within TLS, and within HTTP/2 within TLS: unbound answers, kdig asks."""
    ca, cert, key = w.certificates()
    conf = w.file(
        "unbound.conf",
        f"server:\n interface: {SERVER}@853\n interface: {SERVER}@443\n tls-port: 853\n https-port: 443\n"
        f' tls-service-pem: "{cert}"\n tls-service-key: "{key}"\n access-control: 10.77.0.0/24 allow\n username: ""\n'
        f' chroot: ""\n pidfile: "{w.folder}/unbound.pid"\n do-daemonize: no\n use-syslog: no\n'
        f' local-zone: "lab.example." static\n local-data: "{WWW}. 300 A {SERVER}"\n',
    )
    w.server.start("unbound", "-d", "-p", "-c", conf, tcp=853)
    for way in ("+tls", "+https"):
        w.client.run("kdig", f"@{SERVER}", way, f"+tls-ca={ca}", f"+tls-hostname={WWW}", WWW, "A", env=w.key_writer())


@scenario("mdns", "udp port 5353", "avahi-daemon avahi-browse avahi-publish dbus-daemon")
def mdns(w: World) -> None:
    """A service is announced, found, resolved, and withdrawn."""
    for host, does in (
        (w.server, ("avahi-publish", "-s", "Lab printer", "_ipp._tcp", "631", "note=second floor")),
        (w.client, ("timeout", "3", "avahi-browse", "-r", "_ipp._tcp")),
    ):
        conf = w.file(
            f"{host.role}.conf",
            f"[server]\nhost-name={host.role}\nuse-ipv6=no\nuse-ipv4=yes\n"
            f"allow-interfaces={host.link}\n[publish]\npublish-hinfo=no\npublish-workstation=no\n",
        )
        act = w.file(
            f"{host.role}.sh",
            "mkdir /run/dbus; dbus-daemon --system --fork --nopidfile; avahi-daemon --no-chroot --no-drop-root -f "
            f'{conf} & sleep 4; exec "$@"',
        )
        if host is w.server:
            host.start("sh", act, *does, hide="/run", udp=5353)
        else:
            w.client.run("sh", act, *does, hide="/run", check=False)


@scenario("netbios", "udp port 137", "nmbd nmblookup")
def netbios(w: World) -> None:
    """A name and a machine's status asked for of nmbd; a name nobody has."""
    conf = w.file(
        "smb.conf",
        "[global]\nworkgroup = LAB\nnetbios name = FILER\nlocal master = no\n"
        + f"interfaces = {SERVER}/24\nbind interfaces only = yes\n",
    )
    where = ("/var/lib/samba", "/run/samba", "/var/cache/samba", "/var/log/samba")
    w.server.start(
        "sh",
        "-c",
        f"mkdir -p /run/samba /var/lib/samba/private; exec nmbd -F --no-process-group -s {conf}",
        hide=" ".join(where[:1]),
        udp=137,
    )
    for words in (("FILER",), ("-A", SERVER), ("NOBODY",)):
        w.client.run("nmblookup", "-s", conf, "-B", f"{NET}.255", *words, check=False)


@scenario("dhcp", "udp port 67 or udp port 68", "dnsmasq udhcpc")
def dhcp(w: World) -> None:
    """A lease is discovered, taken, renewed and given back."""
    dnsmasq(
        w,
        "--port=0",
        f"--dhcp-range={NET}.50,{NET}.60,255.255.255.0,2m",
        "--dhcp-authoritative",
        f"--dhcp-leasefile={w.folder}/leases",
        "--domain=lab.example",
        "--dhcp-option=42,10.77.0.2",
        udp=67,
    )
    script = w.file("dhcp.sh", DHCP_SCRIPT, 0o755)
    words = (
        "udhcpc",
        "-f",
        "-i",
        w.client.link,
        "-s",
        script,
        "-x",
        "hostname:laptop",
        "-V",
        "lab-client",
        "-R",
        "-t",
        "3",
    )
    w.client.run("sh", "-c", '"$@" & sleep 3; kill -USR1 $!; sleep 2; kill -TERM $!; wait $!', "-", *words, check=False)


@scenario("dhcpv6", "udp port 546 or udp port 547", "dnsmasq dhclient")
def dhcpv6(w: World) -> None:
    dnsmasq(
        w,
        "--port=0",
        "--dhcp-range=fd00:77::100,fd00:77::1ff,64,1h",
        f"--dhcp-leasefile={w.folder}/leases",
        "--dhcp-option=option6:dns-server,[fd00:77::2]",
        udp=547,
    )
    script = w.file("dhcp.sh", DHCP_SCRIPT, 0o755)
    conf = w.file("dhclient.conf", 'send fqdn.fqdn "laptop.lab.example"; send fqdn.server-update on;\n')
    words = (
        "dhclient",
        "-6",
        "-1",
        "-v",
        "-sf",
        script,
        "-cf",
        conf,
        "-lf",
        f"{w.folder}/dhclient.leases",
        "-pf",
        f"{w.folder}/dhclient.pid",
        w.client.link,
    )
    w.client.run(*words, check=False)
    w.client.run(*(word.replace("-1", "-r") for word in words), check=False)


@scenario("ntp", "udp port 123", "chronyd ntpdate chronyc")
def ntp(w: World) -> None:
    """ntpdate asks chronyd, which takes its own clock for good."""
    conf = w.file(
        "chrony.conf",
        f"local stratum 8\nallow {NET}.0/24\ndriftfile {w.folder}/drift\npidfile {w.folder}/c.pid\nbindcmdaddress /\n",
    )
    w.server.start("chronyd", "-d", "-x", "-u", "root", "-f", conf, udp=123)
    w.client.run("ntpdate", "-q", "-p", "2", SERVER, check=False)


@scenario("ssdp", "ip and udp", " upnpc miniupnpd")
def ssdp(w: World) -> None:
    """A client looks for a gateway: searches, and the announcements of miniupnpd as it comes and goes.

    miniupnpd insists on a public address of its own; it never says it in these datagrams.
    """
    conf = w.file(
        "upnp.conf",
        f"ext_ifname={w.server.link}\next_ip=11.77.0.1\nlistening_ip={w.server.link}\nport=5000\nenable_upnp=yes\n"
        "enable_natpmp=no\nuuid=00000000-0000-4000-8000-000000000077\nfriendly_name=Lab gateway\n"
        "notify_interval=60\nsystem_uptime=no\nsecure_mode=yes\nallow 1024-65535 10.77.0.0/24 1024-65535\n",
    )
    w.server.start("sh", "-c", f"miniupnpd -d -f {conf} & sleep 4; kill $!; sleep 4", udp=1900)
    w.client.run("upnpc", "-m", CLIENT, "-s", check=False)
    w.client.run("sleep", "4")
