"""Makes netwatch/names/ja4.tsv: runs programs against a TLS server of its own, and names the hellos they send.

    ip netns add prints && ip netns exec prints ip link set lo up
    ip netns exec prints python tools/client_table.py capture DIR    one capture and one line of index.tsv a program
    python tools/client_table.py table DIR > netwatch/names/ja4.tsv  what `netwatch read` sees in them

`capture` needs root, tcpdump and openssl, and runs what of CLIENTS is installed; all of it stays on loopback. Each
program is run RUNS times, with a name and with an address to connect to. A fingerprint that several programs send
names them all.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PORT = 4433
RUNS = 3
PAGE = b"<!doctype html><title>x</title><img src=/a><img src=/b><script>setTimeout(()=>{},500)</script>"
PRINT = re.compile(r"(ja[34]): *(\S+)")


SINKS: list[socket.socket] = []


class Client(NamedTuple):
    """A program: its name with {} for what `version` finds in what the version command prints, and how to run it.

    `command` is a shell line with {url}, {host}, {port} and {dir}, a folder of its own.
    """

    name: str
    version: str
    pattern: str
    command: str
    seconds: int = 20
    runs: int = RUNS


OPENSSL = "openssl version"
PYTHON = ("python3 -c 'import ssl,sys;print(sys.version.split()[0], ssl.OPENSSL_VERSION)'", r"^(\S+) OpenSSL (\S+)")
CHROMIUM = (
    "chromium --headless --no-sandbox --disable-gpu --ignore-certificate-errors --user-data-dir={dir} "
    "--virtual-time-budget=3000 "
)
FIREFOX = "firefox-esr --headless --no-remote --profile {dir} --screenshot {dir}/x.png {url}"
TRUST = "echo 'user_pref(\"network.stricttransportsecurity.preloadlist\", false);' > {dir}/user.js; "
JAVA = (
    "import javax.net.ssl.*;import java.net.*;public class X{public static void main(String[] a)throws Exception{"
    "try{new URL(a[0]).openStream();}catch(Exception e){}"
    "try{java.net.http.HttpClient.newHttpClient().send(java.net.http.HttpRequest.newBuilder(URI.create(a[0])).build(),"
    "java.net.http.HttpResponse.BodyHandlers.ofString());}catch(Exception e){}}}"
)
GO = (
    'package main;import("net/http";"os";"crypto/tls");'
    "func main(){t:=http.DefaultTransport.(*http.Transport).Clone();"
    "t.TLSClientConfig=&tls.Config{InsecureSkipVerify:true};t.ForceAttemptHTTP2=true;"
    "(&http.Client{Transport:t}).Get(os.Args[1])}"
)
GO_TLS = (
    'package main;import(\"os\";\"crypto/tls\");func main(){c,e:=tls.Dial(\"tcp\",os.Args[1],'
    "&tls.Config{InsecureSkipVerify:true});if e==nil{c.Close()}}"
)
QUIC = (
    "import asyncio,sys;from aioquic.asyncio import connect\n"
    "from aioquic.quic.configuration import QuicConfiguration as Q\n"
    "async def m():\n async with connect(sys.argv[1],int(sys.argv[2]),configuration=Q(alpn_protocols=[\"h3\"])): pass\n"
    "asyncio.run(asyncio.wait_for(m(),3))"
)

CLIENTS = [
    Client("curl {} (OpenSSL {})", "curl --version", r"^curl (\S+).* OpenSSL/(\S+)", "curl -sk {url}"),
    Client("curl {} (OpenSSL {}), HTTP/1.1 only", "curl --version", r"^curl (\S+).* OpenSSL/(\S+)",
           "curl -sk --http1.1 {url}"),
    Client("Wget {} (GnuTLS)", "wget --version", r"^GNU Wget (\S+)", "wget -q --no-check-certificate -O - {url}"),
    Client("openssl s_client {}", OPENSSL, r"^OpenSSL (\S+)",
           "openssl s_client -connect {host}:{port} -servername {host} </dev/null"),
    Client("gnutls-cli {}", "gnutls-cli --version", r"^gnutls-cli (\S+)",
           "gnutls-cli --insecure -p {port} {host} </dev/null"),
    Client("git {} (GnuTLS)", "git --version", r"git version (\S+)", "git -c http.sslVerify=false ls-remote {url}"),
    Client("Python {} urllib (OpenSSL {})", *PYTHON,
           "python3 -c 'import ssl,urllib.request as u;u.urlopen(\"{url}\",context=ssl._create_unverified_context())'"),
    Client("Python {} ssl (OpenSSL {})", *PYTHON,
           "python3 -c 'import ssl,socket;c=ssl._create_unverified_context();"
           "c.wrap_socket(socket.create_connection((\"{host}\",{port})),server_hostname=\"{host}\")'"),
    Client("Python requests {}", "$VENV/bin/pip show requests", r"Version: (\S+)",
           "$VENV/bin/python -c 'import requests;requests.get(\"{url}\",verify=False)'"),
    Client("Python httpx {}", "$VENV/bin/pip show httpx", r"Version: (\S+)",
           "$VENV/bin/python -c 'import httpx;httpx.get(\"{url}\",verify=False)'"),
    Client("Python aiohttp {}", "$VENV/bin/pip show aiohttp", r"Version: (\S+)",
           "$VENV/bin/python -c 'import aiohttp,asyncio\nasync def m():\n async with aiohttp.ClientSession() as s:\n"
           "  await s.get(\"{url}\",ssl=False)\nasyncio.run(m())'"),
    Client("Python aioquic {}", "$VENV/bin/pip show aioquic", r"Version: (\S+)",
           f"$VENV/bin/python -c '{QUIC}' {{host}} {{port}}"),
    Client("Node.js {} https", "node --version", r"v(\S+)",
           "NODE_TLS_REJECT_UNAUTHORIZED=0 "
           "node -e 'require(\"https\").get(\"{url}\",r=>r.resume()).on(\"error\",e=>0)'"),
    Client("Node.js {} fetch", "node --version", r"v(\S+)",
           "NODE_TLS_REJECT_UNAUTHORIZED=0 node -e 'fetch(\"{url}\").catch(e=>0)'"),
    Client("Ruby {} net/http", "ruby --version", r"ruby (\d+\.\d+\.\d+)",
           "ruby -ropen-uri -ropenssl -e 'URI.open(\"{url}\",ssl_verify_mode:OpenSSL::SSL::VERIFY_NONE)'"),
    Client("PHP {} streams", "php --version", r"^PHP (\S+)",
           "php -r 'file_get_contents(\"{url}\",false,stream_context_create([\"ssl\"=>[\"verify_peer\"=>false,"
           "\"verify_peer_name\"=>false]]));'"),
    Client("Perl libwww {}", "perl -MLWP -e 'print $LWP::VERSION'", r"(\S+)",
           "PERL_LWP_SSL_VERIFY_HOSTNAME=0 GET {url}"),
    Client("aria2 {}", "aria2c --version", r"aria2 version (\S+)",
           "aria2c -q --check-certificate=false -d {dir} --allow-overwrite=true {url}"),
    Client("Lynx {}", "lynx --version", r"Lynx Version (\S+)", "lynx -accept_all_cookies -dump {url} </dev/null"),
    Client("w3m {}", "w3m -version", r"w3m/(\S+?),", "w3m -o ssl_verify_server=0 -dump {url}"),
    Client("socat {}", "socat -V", r"socat version (\S+)", "socat - OPENSSL:{host}:{port},verify=0 </dev/null"),
    Client("Java {} URLConnection or HttpClient", "java -version 2>&1", r'version "(\S+)"',
           f"echo '{JAVA}' > {{dir}}/X.java; java {{dir}}/X.java {{url}}", 40),
    Client("Java {} keytool", "java -version 2>&1", r'version "(\S+)"', "keytool -printcert -sslserver {host}:{port}"),
    Client("NSS {} tstclnt", "dpkg-query -W -f '${Version}' libnss3-tools", r"(?:\d:)?([\d.]+)",
           "tstclnt -h {host} -p {port} -o -d sql:{dir} -C </dev/null"),
    Client("Go {} net/http", "$GO version", r"go version go(\S+)",
           f"cd {{dir}}; echo '{GO}' > x.go; GOCACHE=$GOCACHE $GO run x.go {{url}}", 120),
    Client("Go {} crypto/tls", "$GO version", r"go version go(\S+)",
           f"cd {{dir}}; echo '{GO_TLS}' > x.go; GOCACHE=$GOCACHE $GO run x.go {{host}}:{{port}}", 120),
    Client("Tor {} (as a client of a bridge)", "tor --version", r"Tor version ([\d.]+\d)",
           "tor --DataDirectory {dir} --SocksPort 0 --UseBridges 1 --Bridge 127.0.0.1:{port} --quiet", 8),
    Client("Chromium {}", "chromium --version", r"Chromium (\d+)", CHROMIUM + "--dump-dom {url}", 40),
    Client("Chromium {}", "chromium --version", r"Chromium (\d+)",
           CHROMIUM + "--origin-to-force-quic-on={host}:{port} --timeout=4000 --dump-dom {url}", 40),
    Client("Firefox {}", "firefox-esr --version", r"Firefox (\d+)", TRUST + FIREFOX, 40),
]  # fmt: skip


def serve(folder: Path) -> None:
    """A TLS server on PORT in threads of its own, with a certificate nobody signed; tickets, HTTP/1.0, one page."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", *subject, "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.set_alpn_protocols(["http/1.1"])
    listener = socket.create_server(("127.0.0.1", PORT))
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        sink = socket.socket(family, socket.SOCK_DGRAM)    # silence instead of "port unreachable", for QUIC
        sink.bind((address, PORT))
        SINKS.append(sink)

    def answer(plain: socket.socket) -> None:
        try:
            plain.settimeout(5)
            with context.wrap_socket(plain, server_side=True) as tls:
                tls.recv(4096)
                head = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                tls.sendall(head % len(PAGE) + PAGE)
        except OSError:
            plain.close()

    def loop() -> None:
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def shell(line: str, seconds: int) -> str:
    """What a shell line prints; it and its children are ended after so many seconds."""
    process = subprocess.Popen(line, shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return process.communicate()[0]


def capture(folder: Path) -> None:
    """Run every client that is installed, each in a capture of its own; say which are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    serve(folder)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    with (folder / "index.tsv").open("w", encoding="utf-8") as index:
        for number, client in enumerate(CLIENTS):
            found = re.search(client.pattern, shell(client.version, 20), re.M)
            if not found:
                print(f"not here: {client.name}", file=sys.stderr)
                continue
            name = client.name.format(*found.groups())
            for host in ("localhost", "127.0.0.1"):
                path = folder / f"{number:02d}-{host}.pcap"
                record(client, host, path, folder)
                index.write(f"{path.name}\t{name}\t{today}\n")
            print(name, file=sys.stderr)


def record(client: Client, host: str, path: Path, folder: Path) -> None:
    """The frames of some runs of a client, each with a fresh folder of its own."""
    dump = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "-w", path, f"port {PORT}"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    for _ in range(client.runs):
        own = folder / "own"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir()
        url = f"https://{host}:{PORT}/"
        line = client.command
        for word, value in (("{url}", url), ("{host}", host), ("{port}", str(PORT)), ("{dir}", str(own))):
            line = line.replace(word, value)
        shell(line, client.seconds)
    time.sleep(0.5)
    dump.terminate()
    dump.wait()


def hellos(path: Path) -> Iterator[tuple[str, str]]:
    """(JA4, JA3) of each flow in a capture whose client's hello was whole."""
    command = [sys.executable, "-m", "netwatch", "read", path, "--what", "flows", "--format", "ndjson"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        flow = json.loads(line)
        found = flow.get("quic") or flow.get("tls") or {}
        if "ja4" in found:
            yield found["ja4"], found.get("ja3", "")


def table(folder: Path) -> None:
    """Print the table of a folder that `capture` filled. A JA3 stands in it only where it tells apart what a JA4 does
    not, and only when nobody who sends it ever sends another with that JA4."""
    senders: dict[str, dict[str, None]] = {}
    together: set[tuple[str, str]] = set()
    shuffled = set()
    dates = set()
    for line in (folder / "index.tsv").read_text(encoding="utf-8").splitlines():
        file, name, date = line.split("\t")
        dates.add(date)
        seen = set(hellos(folder / file))
        together |= seen
        for ja4, ja3 in seen:
            senders.setdefault(ja4, {})[name] = None
            senders.setdefault(ja3, {})[name] = None
            if sum(other == ja4 for other, _ in seen) > 1:
                shuffled |= {ja4, ja3}
    rows = {ja4: names for ja4, names in senders.items() if "_" in ja4}
    for ja4, ja3 in together:
        if len(senders[ja4]) > len(senders[ja3]) and not {ja4, ja3} & shuffled:
            rows[ja3] = senders[ja3]
    print("# Programs by the JA4 or JA3 of their ClientHello: fingerprint, tab, name. Written by tools/client_table.py")
    print(f"# from the programs themselves, run on loopback on Debian 12 on {', '.join(sorted(dates))}.")
    for fingerprint, known in sorted(rows.items(), key=lambda item: (len(item[0]) == 32, item[0])):
        print(f"{fingerprint}\t{joined(list(known))}")


def joined(names: list[str]) -> str:
    """The names as one, at most 120 characters."""
    text = " or ".join(names)
    while len(text) > 120:
        names = names[:-1]
        text = " or ".join(names) + " or others"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("capture", "table"))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("VENV", sys.prefix)
    os.environ.setdefault("GO", shutil.which("go") or "/usr/local/go/bin/go")
    os.environ.setdefault("GOCACHE", str(options.folder.resolve() / "gocache"))
    (capture if options.action == "capture" else table)(options.folder.resolve())


if __name__ == "__main__":
    main()
