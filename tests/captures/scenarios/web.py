"""The web: nginx and curl in clear and over TLS, HTTP/2, WebSocket, a proxy, HTTP/3 by aioquic."""

from __future__ import annotations

from scenarios.table import LAB_PYTHON, scenario
from scenarios.world import SERVER, WWW, World

SITE = """daemon off; master_process off; pid {0}/nginx.pid; error_log {0}/error.log; events {{}}
http {{ access_log off; types {{ text/html html; application/json json; }} gzip on; gzip_min_length 100;
{1}
server {{ listen {2}:80; listen {2}:443 ssl http2; listen [fd00:77::2]:80; server_name www.lab.example; root {0}/site;
ssl_certificate {0}/server.pem; ssl_certificate_key {0}/server.key;
location /old {{ return 301 /index.html; }}
location /private {{ return 401; }}
location /upload {{ return 204; }} }} }}
"""
PAGE = "<!doctype html><title>Lab</title>" + "<p>Words of the lab, told again and again.</p>\n" * 40
ROOT_ = ("-sS", "--noproxy", "*", "--max-time", "10", "-o", "/dev/null")


def nginx(w: World) -> None:
    w.certificates()
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (w.folder / kind).mkdir()
    temps = "".join(
        f"{kind}_temp_path {w.folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    w.file("site/index.html", PAGE)
    w.file("site/data.json", '{"lab": true, "rows": [1, 2, 3]}\n')
    conf = w.file("nginx.conf", SITE.format(w.folder, temps, SERVER))
    w.server.start("nginx", "-c", conf, "-e", str(w.folder / "error.log"), tcp=443)


def curl(w: World, *words: str, check: bool = True) -> str:
    return w.client.run("curl", *ROOT_, "--cacert", str(w.folder / "ca.pem"), *words, check=check)


@scenario("http", "tcp port 80", "nginx curl")
def http(w: World) -> None:
    """Several requests of one connection, of each common kind, with their answers."""
    nginx(w)
    site = f"http://{WWW}"
    curl(
        w,
        f"{site}/",
        f"{site}/data.json?x=1",
        "-o",
        "/dev/null",
        f"{site}/missing",
        "-o",
        "/dev/null",
        f"{site}/old",
        "-o",
        "/dev/null",
    )
    curl(w, "--compressed", f"{site}/index.html")
    curl(w, "-d", "name=lab&value=1", "-A", "lab/1.0 (tests)", f"{site}/upload")
    curl(w, "-u", "alice:wonderland", f"{site}/private")
    curl(w, "-I", f"{site}/index.html")
    curl(w, "-0", f"{site}/data.json")


@scenario("http", "tcp port 80", "nginx curl")
def http_ipv6(w: World) -> None:
    nginx(w)
    curl(w, "-H", f"Host: {WWW}", "http://[fd00:77::2]/index.html")


@scenario("tls", "tcp port 443", "nginx curl")
def https(w: World) -> None:
    """HTTP/1.1 within TLS 1.2 and 1.3."""
    nginx(w)
    curl(w, "--http1.1", "--tls-max", "1.2", f"https://{WWW}/index.html")
    curl(w, "--http1.1", f"https://{WWW}/data.json")


@scenario("tls", "tcp port 443", "nginx curl")
def https2(w: World) -> None:
    """HTTP/2 within TLS: three streams of one connection at a time, then a POST."""
    nginx(w)
    site = f"https://{WWW}"
    curl(
        w,
        "--http2",
        "--parallel",
        f"{site}/index.html",
        f"{site}/data.json",
        "-o",
        "/dev/null",
        f"{site}/missing",
        "-o",
        "/dev/null",
    )
    curl(w, "--http2", "-d", "name=lab&value=2", f"{site}/data.json")


@scenario("http2", "tcp port 8080", "nghttpd nghttp curl")
def http2_clear(w: World) -> None:
    """HTTP/2 without TLS, by prior knowledge."""
    w.file("site/index.html", PAGE)
    w.server.start("nghttpd", "--no-tls", "-a", SERVER, "-d", f"{w.folder}/site", "8080", tcp=8080)
    w.client.run("nghttp", "-n", f"http://{WWW}:8080/index.html", f"http://{WWW}:8080/none")
    curl(w, "--http2-prior-knowledge", f"http://{WWW}:8080/index.html")


@scenario("http websocket", "tcp port 8765", "", "websockets")
def websocket(w: World) -> None:
    server = w.file(
        "server.py",
        f"""
import asyncio, websockets
async def echo(socket):
    async for words in socket:
        await socket.send(words[::-1])
async def main():
    async with websockets.serve(echo, "{SERVER}", 8765):
        await asyncio.Future()
asyncio.run(main())
""",
    )
    client = w.file(
        "client.py",
        f"""
import asyncio, websockets
async def main():
    async with websockets.connect("ws://{WWW}:8765/echo", proxy=None) as socket:
        for words in ("hello from the lab", "twice", "x" * 300):
            await socket.send(words)
            await socket.recv()
asyncio.run(main())
""",
    )
    w.server.start(LAB_PYTHON, server, tcp=8765)
    w.client.run(LAB_PYTHON, client)


@scenario("http2 grpc", "tcp port 50051", "", "grpc")
def grpc(w: World) -> None:
    """gRPC without TLS: a call that is answered, one that nobody offers, a stream of answers."""
    server = w.file(
        "server.py",
        f"""
import concurrent.futures, grpc
class Lab(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/lab.Sensors/Read":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"\\x0a\\x04" + b"23.5")
        if details.method == "/lab.Sensors/Watch":
            return grpc.unary_stream_rpc_method_handler(lambda request, context: (bytes([8, i]) for i in range(3)))
server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), handlers=[Lab()])
server.add_insecure_port("{SERVER}:50051")
server.start()
server.wait_for_termination()
""",
    )
    client = w.file(
        "client.py",
        f"""
import grpc
with grpc.insecure_channel("{SERVER}:50051", options=[("grpc.enable_http_proxy", 0)]) as channel:
    channel.unary_unary("/lab.Sensors/Read")(b"\\x0a\\x05room7", metadata=[("x-lab", "7")])
    list(channel.unary_stream("/lab.Sensors/Watch")(b""))
    try:
        channel.unary_unary("/lab.Sensors/None")(b"")
    except grpc.RpcError:
        pass
""",
    )
    w.server.start(LAB_PYTHON, server, tcp=50051)
    w.client.run(LAB_PYTHON, client)


QUIC_SERVER = """
import asyncio, sys
from aioquic.asyncio import serve
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated
from aioquic.tls import SessionTicket

class Server(QuicConnectionProtocol):
    h3 = None
    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.h3 = H3Connection(self._quic)
        for told in self.h3.handle_event(event) if self.h3 else ():
            if isinstance(told, HeadersReceived):
                path = dict(told.headers)[b":path"]
                known = path == b"/index.html"
                self.h3.send_headers(told.stream_id, [(b":status", b"200" if known else b"404"),
                                                      (b"content-type", b"text/html"), (b"server", b"lab")])
                self.h3.send_data(told.stream_id, b"<p>hello from the lab</p>" * 40 if known else b"", True)
        self.transmit()

async def main():
    settings = QuicConfiguration(is_client=False, alpn_protocols=["h3"], max_datagram_size=1200)
    settings.load_cert_chain(sys.argv[1], sys.argv[2])
    tickets = {}
    await serve(sys.argv[3], 443, configuration=settings, create_protocol=Server, retry=sys.argv[4] == "retry",
                session_ticket_fetcher=lambda label: tickets.pop(label, None),
                session_ticket_handler=lambda ticket: tickets.update({ticket.ticket: ticket}))
    await asyncio.Future()
asyncio.run(main())
"""
QUIC_CLIENT = """
import asyncio, os, sys
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

class Client(QuicConnectionProtocol):
    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        self.h3, self.waiting = H3Connection(self._quic), {}
    def quic_event_received(self, event):
        for told in self.h3.handle_event(event):
            if getattr(told, "stream_ended", False) and told.stream_id in self.waiting:
                self.waiting.pop(told.stream_id).set_result(True)
    async def get(self, name, path):
        stream = self._quic.get_next_available_stream_id()
        self.waiting[stream] = asyncio.get_running_loop().create_future()
        self.h3.send_headers(stream, [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", name.encode()),
                                      (b":path", path.encode()), (b"user-agent", b"lab/1.0")], True)
        done = self.waiting[stream]
        self.transmit()
        await done

async def main(name, ca, times):
    tickets = []
    for _ in range(times):
        with open(os.environ["SSLKEYLOGFILE"], "a") as keys:
            settings = QuicConfiguration(alpn_protocols=["h3"], server_name=name, secrets_log_file=keys,
                                         max_datagram_size=1200)
            settings.load_verify_locations(ca)
            settings.session_ticket = tickets[-1] if tickets else None
            async with connect(sys.argv[4], 443, configuration=settings, create_protocol=Client,
                               session_ticket_handler=tickets.append) as client:
                await client.get(name, "/index.html")
                await client.get(name, "/missing")
                await asyncio.sleep(0.2)
asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def http3_between(w: World, retry: bool, times: int) -> None:
    ca, cert, key = w.certificates()
    server, client = w.file("server.py", QUIC_SERVER), w.file("client.py", QUIC_CLIENT)
    w.server.start(LAB_PYTHON, server, cert, key, SERVER, "retry" if retry else "no", udp=443)
    w.client.run(LAB_PYTHON, client, WWW, ca, str(times), SERVER)


@scenario("quic tls http3", "udp port 443", "", "aioquic")
def http3(w: World) -> None:
    """HTTP/3, then again with a ticket of the first session."""
    http3_between(w, False, 2)


@scenario("quic tls http3", "udp port 443", "", "aioquic")
def http3_retry(w: World) -> None:
    """The server asks for a token first."""
    http3_between(w, True, 1)
