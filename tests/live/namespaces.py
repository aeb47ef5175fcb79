"""Two network namespaces joined by a veth pair: nginx and dnsmasq in one, the programs that ask them in the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOOLS = ("ip", "nginx", "curl", "dnsmasq", "dig", "openssl")
CLIENT, SERVER = "192.0.2.1", "192.0.2.2"
NAME = "www.lab.example"
ROOT = Path(__file__).resolve().parents[2]


def reason() -> str | None:
    """Why no lab can be made here, None when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces are made as root on Linux"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {' '.join(missing)}" if missing else None


class Lab:
    """Made and unmade by `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        number = os.getpid() % 10000
        self.client, self.server = f"nwlc{number}", f"nwls{number}"
        self.near, self.far = f"nwv{number}c", f"nwv{number}s"
        self._servers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Lab:
        try:
            self._wire()
            self._serve()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.terminate()
            server.wait(10)
        for name in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _wire(self) -> None:
        for name in (self.client, self.server):
            ip("netns", "add", name)
        ip(
            "link",
            "add",
            self.near,
            "netns",
            self.client,
            "type",
            "veth",
            "peer",
            "name",
            self.far,
            "netns",
            self.server,
        )
        for name, link, address in ((self.client, self.near, CLIENT), (self.server, self.far, SERVER)):
            subprocess.run(self.inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"), check=False)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", link)
            ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "link", "set", "lo", "up")

    def _serve(self) -> None:
        key, cert, page = (str(self.folder / name) for name in ("key.pem", "cert.pem", "page.txt"))
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                key,
                "-out",
                cert,
                "-days",
                "30",
                "-subj",
                f"/CN={NAME}",
                "-addext",
                f"subjectAltName=DNS:{NAME}",
            ],
            check=True,
            capture_output=True,
        )
        Path(page).write_text("hello from the lab\n" * 20)
        conf = self.folder / "nginx.conf"
        temps = "".join(
            f"{kind}_temp_path {self.folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf.write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;\n"
            f"events {{}} http {{ access_log off; {temps}\n"
            f"server {{ listen {SERVER}:80; listen {SERVER}:443 ssl http2;\n"
            f"ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;\n"
            f"root {self.folder}; }} }}\n"
        )
        self.folder.chmod(0o755)
        self._start("nginx", "-c", str(conf), "-e", str(self.folder / "error.log"))
        self._start(
            "dnsmasq",
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
            "--conf-file=/dev/null",
            "--user=root",
            f"--address=/{NAME}/{SERVER}",
            f"--listen-address={SERVER}",
            "--bind-interfaces",
            f"--pid-file={self.folder}/dnsmasq.pid",
        )
        end = time.monotonic() + 10
        while time.monotonic() < end:
            asked = [self.curl("http", check=False).returncode, self.dig(check=False).returncode]
            if asked == [0, 0]:
                return
            time.sleep(0.1)
        raise RuntimeError("the servers of the lab do not answer")

    def _start(self, *words: str) -> None:
        self._servers.append(
            subprocess.Popen(self.inside(self.server, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    def inside(self, name: str, *words: str) -> list[str]:
        return ["ip", "netns", "exec", name, *words]

    def ask(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run a program in the client's namespace."""
        return subprocess.run(self.inside(self.client, *words), check=check, capture_output=True, timeout=20)

    def curl(self, scheme: str, check: bool = True, *more: str) -> subprocess.CompletedProcess[bytes]:
        port = 443 if scheme == "https" else 80
        return self.ask(
            "curl",
            "-sSk",
            "--max-time",
            "5",
            *more,
            "--resolve",
            f"{NAME}:{port}:{SERVER}",
            f"{scheme}://{NAME}/page.txt",
            check=check,
        )

    def dig(self, *more: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return self.ask("dig", f"@{SERVER}", "+tries=1", "+time=2", NAME, "A", *more, check=check)

    def netwatch(self, *words: str) -> subprocess.Popen[str]:
        """`netwatch` in the client's namespace, which captures there by now, or has ended."""
        process = subprocess.Popen(
            self.inside(self.client, sys.executable, "-m", "netwatch", *words),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < until:
            if "Seccomp:\t2" in Path(f"/proc/{process.pid}/status").read_text():  # it has shut itself in
                break
            time.sleep(0.02)
        return process



def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
