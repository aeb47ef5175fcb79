"""Reaching another machine and its files: SSH, Telnet, SOCKS, VNC, RDP, FTP, TFTP, rsync, Git, SMB, BitTorrent."""

from __future__ import annotations

from scenarios.table import LAB_PYTHON, scenario
from scenarios.world import CLIENT, SERVER, WWW, World

FILE = "".join(f"line {i} of a file of the lab\n" for i in range(60))


def sshd(w: World) -> tuple[str, ...]:
    """The words that log in."""
    for name in ("host_ed25519", "user_ed25519"):
        w.client.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(w.folder / name))
    keys = w.file("authorized", (w.folder / "user_ed25519.pub").read_text(), 0o600)
    conf = w.file(
        "sshd_config",
        f"ListenAddress {SERVER}\nHostKey {w.folder}/host_ed25519\nAuthorizedKeysFile {keys}\n"
        f"StrictModes no\nPidFile {w.folder}/sshd.pid\nUsePAM no\nSubsystem sftp internal-sftp\n"
        "PermitRootLogin yes\nPrintMotd no\nPrintLastLog no\n",
    )
    w.server.start("sh", "-c", f"mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e -f {conf}", tcp=22, hide="/run")
    return (
        "-F",
        "/dev/null",
        "-i",
        f"{w.folder}/user_ed25519",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={w.folder}/known",
        "-o",
        "LogLevel=ERROR",
        "-o",
        "PreferredAuthentications=publickey",
    )


@scenario("ssh", "tcp port 22", "sshd ssh ssh-keygen")
def ssh(w: World) -> None:
    """A command, and a file by SFTP with another cipher."""
    words = sshd(w)
    w.client.run("ssh", *words, f"root@{SERVER}", "echo hello from the lab; uname -s")
    source = w.file("upload.txt", FILE)
    w.client.run(
        "sftp",
        *words,
        "-c",
        "aes128-ctr",
        "-o",
        "MACs=hmac-sha2-256",
        f"root@{SERVER}",
        say=f"put {source} {w.folder}/stored.txt\nls -l {w.folder}/stored.txt\n",
    )


@scenario("ssh", "tcp port 22", "sshd ssh ssh-keygen")
def ssh_denied(w: World) -> None:
    """Nobody is let in; a client that speaks only what the server does not."""
    words = sshd(w)
    w.client.run("ssh", *words, f"nobody@{SERVER}", "true", check=False)
    w.client.run("ssh", *words, "-c", "3des-cbc", f"root@{SERVER}", "true", check=False)


@scenario("socks http", "tcp port 1080", "sshd ssh curl nghttpd")
def socks(w: World) -> None:
    """SOCKS 4, 4a and 5 through OpenSSH's dynamic forwarding, at the server's end of the cable."""
    words = sshd(w)
    w.file("site/index.html", "<p>hello</p>\n")
    w.server.start("python3", "-m", "http.server", "-b", SERVER, "-d", f"{w.folder}/site", "8000", tcp=8000)
    w.server.start("ssh", *words, "-N", "-D", f"{SERVER}:1080", f"root@{SERVER}", tcp=1080)
    for kind in ("socks4", "socks4a", "socks5", "socks5h"):
        w.client.run("curl", "-sS", "--noproxy", "", "-x", f"{kind}://{SERVER}:1080", f"http://{WWW}:8000/index.html")
    w.client.run("curl", "-sS", "-x", f"socks5h://{SERVER}:1080", "http://none.invalid/", check=False)


@scenario("socks", "tcp port 1080", "danted curl python3")
def socks_login(w: World) -> None:
    """SOCKS 5 with a user name and a password, by Dante."""
    conf = w.file(
        "danted.conf",
        f"logoutput: stdout\ninternal: {SERVER} port = 1080\nexternal: {w.server.link}\n"
        "clientmethod: none\nsocksmethod: username\nuser.privileged: root\nuser.unprivileged: nobody\n"
        "client pass { from: 0/0 to: 0/0 }\nsocks pass { from: 0/0 to: 0/0 socksmethod: username }\n",
    )
    w.server.start("danted", "-f", conf, tcp=1080)
    w.client.run("curl", "-sS", "-x", f"socks5h://alice:wonderland@{SERVER}:1080", f"http://{WWW}:8000/", check=False)


@scenario("telnet", "tcp port 23", "telnetd telnet socat")
def telnet(w: World) -> None:
    """A login by name and password at telnetd, whose login(1) is played by a script."""
    login = w.file(
        "login.sh",
        "#!/bin/sh\nprintf 'lab login: '; read -r user; stty -echo; printf 'Password: '; read -r word\n"
        "stty echo; printf '\\r\\nWelcome %s\\r\\n$ ' \"$user\"; read -r line; echo 'file1  file2'; printf '$ '; "
        "read -r line\n",
        0o755,
    )
    w.server.start("socat", f"TCP-LISTEN:23,bind={SERVER},reuseaddr,fork", f"EXEC:telnetd -E {login}", tcp=23)
    w.client.run(
        "sh",
        "-c",
        "(sleep 2; echo alice; sleep 1; echo wonderland; sleep 1; echo ls; sleep 1; echo exit; sleep 1) "
        f"| telnet {SERVER}",
        check=False,
        env={"TERM": "xterm"},
    )


@scenario("ftp ftp-data", "tcp", "vsftpd curl")
def ftp(w: World) -> None:
    """A listing, a download, an upload; passive and active."""
    (w.folder / "pub").mkdir()
    w.file("pub/file.txt", FILE)
    (w.folder / "pub" / "in").mkdir(mode=0o777)
    (w.folder / "pub" / "in").chmod(0o777)
    (w.folder / "empty").mkdir()
    conf = w.file(
        "vsftpd.conf",
        f"listen=YES\nlisten_address={SERVER}\nbackground=NO\nanonymous_enable=YES\nanon_root="
        f"{w.folder}/pub\nwrite_enable=YES\nanon_upload_enable=YES\nsecure_chroot_dir={w.folder}/empty\n"
        "local_enable=NO\nseccomp_sandbox=NO\nftpd_banner=Welcome to the lab.\nisolate=NO\nisolate_network=NO\n",
    )
    w.server.start("sh", "-c", f"vsftpd {conf}; sleep 99", tcp=21)
    source = w.file("upload.txt", "sent from the client\n")
    curl = ("curl", "-sS", "-u", "anonymous:alice@lab.example")
    w.client.run(*curl, f"ftp://{SERVER}/file.txt", f"ftp://{SERVER}/")
    w.client.run(*curl, "-P", "-", f"ftp://{SERVER}/", check=False)
    w.client.run(*curl, "-T", source, "--disable-epsv", f"ftp://{SERVER}/in/")
    w.client.run("curl", "-sS", "-u", "alice:wrong", f"ftp://{SERVER}/", check=False)


@scenario("tftp", "udp", "in.tftpd tftp")
def tftp(w: World) -> None:
    (w.folder / "boot").mkdir()
    w.file("boot/pxelinux.cfg", FILE)
    w.server.start("in.tftpd", "-L", "-a", f"{SERVER}:69", "-s", f"{w.folder}/boot", "-u", "root", udp=69)
    w.client.run("tftp", "-m", "binary", SERVER, "-c", "get", "pxelinux.cfg")
    w.client.run("tftp", SERVER, "-c", "get", "missing.img", check=False)
    w.client.run("curl", "-sS", f"tftp://{SERVER}/pxelinux.cfg")


@scenario("rsync", "tcp port 873", "rsync")
def rsync(w: World) -> None:
    """A list of modules, a copy, a module that needs a password."""
    w.file("share/file.txt", FILE)
    secret = w.file("secrets", "alice:wonderland\n", 0o600)
    conf = w.file(
        "rsyncd.conf",
        f"use chroot = no\nuid = root\n[share]\npath = {w.folder}/share\ncomment = Files of the lab\n"
        f"[closed]\npath = {w.folder}/share\nauth users = alice\nsecrets file = {secret}\n",
    )
    w.server.start("rsync", "--daemon", "--no-detach", f"--config={conf}", f"--address={SERVER}", tcp=873)
    w.client.run("rsync", f"rsync://{SERVER}/")
    w.client.run("rsync", "-a", f"rsync://{SERVER}/share/", f"{w.folder}/copy/")
    w.client.run(
        "rsync", "-a", f"rsync://alice@{SERVER}/closed/", f"{w.folder}/copy2/", env={"RSYNC_PASSWORD": "wonderland"}
    )
    w.client.run("rsync", f"rsync://{SERVER}/none/", check=False)


@scenario("git", "tcp port 9418", "git")
def git(w: World) -> None:
    """A clone by protocol 2, another by 0, and a repository that is not there."""
    who = ("-c", "user.name=Lab", "-c", "user.email=alice@lab.example", "-c", "safe.directory=*")
    w.server.run("git", "init", "-q", "-b", "main", "repo")
    w.file("repo/file.txt", FILE)
    w.server.run("git", *who, "-C", "repo", "add", ".")
    w.server.run("git", *who, "-C", "repo", "commit", "-q", "-m", "The first")
    w.server.start("git", *who, "daemon", "--export-all", f"--base-path={w.folder}", f"--listen={SERVER}", tcp=9418)
    w.client.run("git", "clone", "-q", f"git://{WWW}/repo", "one")
    w.client.run("git", "-c", "protocol.version=0", "clone", "-q", f"git://{WWW}/repo", "two")
    w.client.run("git", "clone", "-q", f"git://{WWW}/none", check=False)


SAMBA = """[global]
workgroup = LAB
netbios name = FILER
smb ports = 445
server min protocol = NT1
client min protocol = NT1
map to guest = bad user
disable spoolss = yes
load printers = no
private dir = {0}
lock directory = {0}
state directory = {0}
cache directory = {0}
pid directory = {0}
ncalrpc dir = {0}/ncalrpc
[share]
path = {0}/share
guest ok = yes
"""


def samba(w: World) -> tuple[str, ...]:
    """The words that reach the share."""
    w.file("share/file.txt", FILE, 0o666)
    conf = w.file("smb.conf", SAMBA.format(w.folder))
    (w.folder / "ncalrpc").mkdir()
    w.server.run("smbpasswd", "-c", conf, "-s", "-a", "nobody", say="builder\nbuilder\n")
    w.server.start("smbd", "-F", "--no-process-group", "-s", conf, tcp=445)
    client = w.file("client.conf", "[global]\nworkgroup = LAB\nnetbios name = CLIENT\nclient min protocol = NT1\n")
    return ("smbclient", "-s", client, f"//{SERVER}/share")


@scenario("netbios smb", "tcp port 445", "smbd smbclient smbpasswd")
def smb(w: World) -> None:
    """SMB 3.1.1, 2.1, and 3 encrypted; a listing, a download, a share that is not there."""
    words, login = samba(w), ("-U", "nobody%builder")
    w.client.run(*words, *login, "-c", "ls; get file.txt copy.txt")
    w.client.run(*words, *login, "-m", "SMB2_10", "-c", "ls")
    w.client.run(*words, *login, "--client-protection=encrypt", "-c", "get file.txt copy.txt")
    w.client.run(*words[:-1], f"//{SERVER}/none", "-N", "-c", "ls", check=False)


@scenario("netbios smb", "tcp port 445", "smbd smbclient smbpasswd")
def smb1(w: World) -> None:
    """The old dialect, NT LM 0.12."""
    w.client.run(*samba(w), "-N", "-m", "NT1", "-c", "ls; get file.txt copy.txt")


@scenario("vnc", "tcp port 5900", "Xvnc vncpasswd", "asyncvnc")
def vnc(w: World) -> None:
    """A small screen of TigerVNC's is looked at once, without and with a password."""
    client = w.file(
        "client.py",
        f"""
import asyncio, asyncvnc, sys
async def main(password):
    async with asyncvnc.connect("{SERVER}", 5900, None, password) as client:
        client.mouse.move(10, 10)
        client.keyboard.press("a")
        await asyncio.wait_for(client.screenshot(), 5)
asyncio.run(main(*sys.argv[1:] or [None]))
""",
    )
    plain = w.server.start(
        "Xvnc",
        ":77",
        "-geometry",
        "64x48",
        "-depth",
        "16",
        "-rfbport",
        "5900",
        "-SecurityTypes",
        "None",
        "-desktop",
        "lab desktop",
        tcp=5900,
    )
    w.client.run(LAB_PYTHON, client)
    w.server.end(plain)
    word = w.file("passwd", b"")
    w.server.run("sh", "-c", f"printf wonder | vncpasswd -f > {word}")
    w.server.start(
        "Xvnc",
        ":78",
        "-geometry",
        "64x48",
        "-depth",
        "16",
        "-rfbport",
        "5900",
        "-SecurityTypes",
        "VncAuth",
        "-PasswordFile",
        word,
        tcp=5900,
    )
    w.client.run(LAB_PYTHON, client, "wonder", check=False)


@scenario("rdp tls", "tcp port 3389", "xrdp xfreerdp Xvfb timeout")
def rdp(w: World) -> None:
    """xrdp with TLS, and with its own encryption; what is drawn ends at the login window."""
    w.certificates()
    ini = w.file(
        "xrdp.ini",
        f"[Globals]\nini_version=1\nfork=true\nport=tcp://{SERVER}:3389\nsecurity_layer=negotiate\n"
        f"crypt_level=high\ncertificate={w.folder}/server.pem\nkey_file={w.folder}/server.key\nssl_protocols=TLSv1.2, "
        "TLSv1.3\nmax_bpp=8\nbitmap_compression=true\n[Logging]\nLogFile=/dev/null\nLogLevel=INFO\nEnableSyslog=false\n"
        "[Xorg]\nname=Xorg\nlib=libxup.so\nusername=ask\npassword=ask\nip=127.0.0.1\nport=-1\ncode=20\n",
    )
    w.server.start("xrdp", "--nodaemon", "-c", ini, tcp=3389, hide="/run")
    for layer in ("tls", "rdp"):
        w.client.run(
            "sh",
            "-c",
            'Xvfb :79 -screen 0 320x240x16 & sleep 2; DISPLAY=:79 timeout 3 "$@"; kill $!',
            "-",
            "xfreerdp",
            f"/v:{SERVER}",
            "/u:alice",
            f"/sec:{layer}",
            "/cert:ignore",
            "/size:200x150",
            "/bpp:8",
            "/client-hostname:CLIENT",
            check=False,
            env=w.key_writer(),
        )


@scenario("bittorrent", "udp or tcp", "transmission-daemon transmission-create aria2c")
def bittorrent(w: World) -> None:
    """A file is shared by Transmission and fetched by aria2; local discovery and the DHT's first words are seen too."""
    (w.folder / "seed").mkdir()
    w.file("seed/file.txt", FILE)
    torrent = str(w.folder / "file.torrent")
    w.server.run(
        "transmission-create", "-o", torrent, "-t", f"udp://{SERVER}:6969/announce", f"{w.folder}/seed/file.txt"
    )
    w.file(
        "conf/settings.json",
        f'{{"bind-address-ipv4": "{SERVER}", "dht-enabled": true, "lpd-enabled": true, "utp-enabled": true, '
        f'"peer-port": 51413, "download-dir": "{w.folder}/seed", "rpc-enabled": true, "rpc-bind-address": "127.0.0.1", '
        '"port-forwarding-enabled": false, "encryption": 0}',
    )
    w.server.start(
        "sh",
        "-c",
        f"transmission-daemon -f -g {w.folder}/conf & sleep 2; transmission-remote 127.0.0.1 -a {torrent}; sleep 99",
        tcp=51413,
    )
    w.client.run(
        "aria2c",
        "--seed-time=0",
        "--bt-enable-lpd=true",
        "--enable-dht=true",
        "--dht-entry-point",
        f"{SERVER}:51413",
        "--bt-stop-timeout=15",
        "--listen-port=6881",
        "--dht-listen-port=6882",
        "-d",
        f"{w.folder}/got",
        torrent,
        f"--dht-file-path={w.folder}/dht.dat",
        check=False,
        timeout=40,
    )


PEER = """
import libtorrent, sys, time
where, torrent, folder, utp, seed = sys.argv[1:6]
session = libtorrent.session({
    "listen_interfaces": where + ":6881", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "out_enc_policy": 2, "in_enc_policy": 2, "enable_outgoing_utp": utp == "utp",
    "enable_outgoing_tcp": utp != "utp", "user_agent": "lab/1.0", "allow_multiple_connections_per_ip": True})
handle = session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": folder})
if seed == "seed":
    time.sleep(60)
time.sleep(1)
handle.connect_peer((sys.argv[6], 6881))
end = time.time() + 10
while not handle.status().is_seeding and time.time() < end:
    time.sleep(0.1)
time.sleep(0.5)
"""


@scenario("bittorrent", "udp or tcp", "transmission-create", "libtorrent")
def bittorrent_peers(w: World) -> None:
    """Two libtorrent peers without encryption: over TCP, then over uTP."""
    (w.folder / "seed").mkdir()
    w.file("seed/file.txt", FILE)
    torrent, peer = str(w.folder / "file.torrent"), w.file("peer.py", PEER)
    w.server.run("transmission-create", "-o", torrent, f"{w.folder}/seed/file.txt")
    w.server.start(LAB_PYTHON, peer, SERVER, torrent, f"{w.folder}/seed", "both", "seed", tcp=6881)
    for way in ("tcp", "utp"):
        w.client.run(LAB_PYTHON, peer, CLIENT, torrent, f"{w.folder}/{way}", way, "fetch", SERVER)
