"""Virtual private networks: WireGuard, OpenVPN, IPsec. What they carry is pings between addresses of their own."""

from __future__ import annotations

from scenarios.table import scenario
from scenarios.world import CLIENT, SERVER, World


@scenario("wireguard", "udp port 51820", "wg wireguard-go ping")
def wireguard(w: World) -> None:
    """Two wireguard-go's, in user space: a handshake and a few packets."""
    keys = {host.role: host.run("wg", "genkey").strip() for host in (w.client, w.server)}
    public = {role: w.client.run("wg", "pubkey", say=key).strip() for role, key in keys.items()}
    for host, other, peer in ((w.server, "client", CLIENT), (w.client, "server", SERVER)):
        conf = w.file(
            f"{host.role}.conf",
            f"[Interface]\nPrivateKey = {keys[host.role]}\nListenPort = 51820\n[Peer]\nPublicKey = "
            f"{public[other]}\nAllowedIPs = 10.99.0.0/24\nEndpoint = {peer}:51820\n",
        )
        act = (
            f"wireguard-go -f lab0 & sleep 2; wg setconf lab0 {conf}; "
            f"ip addr add 10.99.0.{1 if other == 'server' else 2}/24 dev lab0; "
            "ip link set lab0 up; sleep 99"
        )
        host.start("sh", "-c", act, udp=51820, hide="/var/run")
    w.client.run("ping", "-c", "3", "-i", "0.3", "10.99.0.2", check=False)


def openvpn(w: World, *more: str) -> None:
    ca, cert, key = w.certificates()
    plain = ("--dev", "tun", "--port", "1194", "--nobind", "--ping", "1", "--verb", "1", "--dev-type", "tun")
    w.server.start(
        "openvpn",
        "--dev",
        "tun",
        "--local",
        SERVER,
        "--port",
        "1194",
        "--tls-server",
        "--ca",
        ca,
        "--cert",
        cert,
        "--key",
        key,
        "--dh",
        "none",
        "--ifconfig",
        "10.98.0.2",
        "10.98.0.1",
        "--verb",
        "1",
        *more,
        **({"tcp": 1194} if "tcp-server" in more else {"udp": 1194}),
    )
    mine = [word.replace("tcp-server", "tcp-client") for word in more]
    w.client.start(
        "openvpn",
        "--remote",
        SERVER,
        *plain,
        "--tls-client",
        "--ca",
        ca,
        "--cert",
        f"{w.folder}/client.pem",
        "--key",
        f"{w.folder}/client.key",
        "--ifconfig",
        "10.98.0.1",
        "10.98.0.2",
        *mine,
    )
    w.client.run("sleep", "4")
    w.client.run("ping", "-c", "3", "-i", "0.3", "10.98.0.2", check=False)


@scenario("openvpn", "udp port 1194", "openvpn ping")
def openvpn_udp(w: World) -> None:
    """Certificates, nothing more."""
    openvpn(w)


@scenario("openvpn", "udp port 1194", "openvpn ping")
def openvpn_tls_crypt(w: World) -> None:
    """The control channel encrypted with a key both have."""
    w.server.run("openvpn", "--genkey", "secret", str(w.folder / "static.key"))
    openvpn(w, "--tls-crypt", str(w.folder / "static.key"))


@scenario("openvpn", "tcp port 1194", "openvpn ping")
def openvpn_tcp(w: World) -> None:
    """Over TCP, the control channel authenticated."""
    w.server.run("openvpn", "--genkey", "secret", str(w.folder / "static.key"))
    openvpn(w, "--proto", "tcp-server", "--tls-auth", str(w.folder / "static.key"))


STRONGSWAN = """connections {{ lab {{ version = {version}
 local_addrs = {mine}
 remote_addrs = {peer}
 encap = yes
 local {{ auth = psk
  id = {mine} }}
 remote {{ auth = psk
  id = {peer} }}
 children {{ net {{ local_ts = {mine}/32
   remote_ts = {peer}/32
   esp_proposals = aes128-sha256 }} }}
 proposals = aes128-sha256-modp2048 }} }}
secrets {{ ike-lab {{ secret = wonderland }} }}
"""


@scenario("ike", "udp port 500 or udp port 4500", "swanctl charon-systemd timeout")
def ike(w: World) -> None:
    """IKEv2, then IKEv1 in main mode, by strongSwan with a shared secret."""
    for version in (2, 1):
        running = []
        for host, mine, peer in ((w.server, SERVER, CLIENT), (w.client, CLIENT, SERVER)):
            conf = w.file(f"{host.role}-swanctl.conf", STRONGSWAN.format(version=version, mine=mine, peer=peer))
            strong = w.file(
                f"{host.role}-strongswan.conf",
                "charon-systemd { load = random nonce aes sha1 sha2 hmac kdf gmp openssl "
                f"kernel-netlink socket-default vici pem pkcs1 x509 pubkey revocation constraints\n"
                f" plugins {{ vici {{ socket = unix://"
                f"{w.folder}/{host.role}.vici }} }}\n install_routes = no }}\nswanctl {{ load = pem pkcs1 x509 }}\n",
            )
            env = {"STRONGSWAN_CONF": strong}
            running.append((host, host.start("charon-systemd", udp=500, env=env)))
            host.run("swanctl", "--load-all", "--file", conf, "--uri", f"unix://{w.folder}/{host.role}.vici", env=env)
        w.client.run(
            "timeout",
            "8",
            "swanctl",
            "--initiate",
            "--child",
            "net",
            "--uri",
            f"unix://{w.folder}/client.vici",
            env=env,
            check=False,
        )
        w.client.run(
            "timeout",
            "5",
            "swanctl",
            "--terminate",
            "--ike",
            "lab",
            "--uri",
            f"unix://{w.folder}/client.vici",
            env=env,
            check=False,
        )
        for host, process in running:
            host.end(process)
