"""Two hosts made of network namespaces, joined by a veth pair, and tcpdump at the client's end of it.

Programs run in their own PID, mount and UTS namespaces: what one leaves behind ends with it, its /tmp is its own, and
it finds the host name of the lab, never the machine's. Everything is made and unmade by `with`. Needs root on Linux.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

NET, NET6 = "10.77.0", "fd00:77:"
CLIENT, SERVER = f"{NET}.1", f"{NET}.2"
CLIENT6, SERVER6 = f"{NET6}:1", f"{NET6}:2"
DOMAIN = "lab.example"
WWW = f"www.{DOMAIN}"
HOSTS = f"127.0.0.1 localhost\n{SERVER} {WWW} server.{DOMAIN} server mail.{DOMAIN}\n{CLIENT} client.{DOMAIN} client\n"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/libexec:/usr/lib/ipsec:/usr/lib/postgresql/15/bin"
INNER = 'for d in /tmp $HIDE; do mount -t tmpfs none "$d"; done; hostname "$0"; exec "$@"'

CERTIFICATES = f"""
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $key -keyout ca.key -out ca.pem -days 365 -subj '/O=Lab/CN=Lab Root'
for who in server:www client:alice; do
    file=${{who%:*}} name=${{who#*:}}.{DOMAIN}
    echo "subjectAltName=DNS:$name,DNS:$file.{DOMAIN},IP:{SERVER}" >$file.ext
    openssl req $key -keyout $file.key -out $file.csr -subj "/O=Lab/CN=$name"
    openssl x509 -req -in $file.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -extfile $file.ext -out $file.pem
    chmod 644 $file.key
done
"""
KEY_WRITER = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
typedef struct ssl SSL; typedef struct ctx CTX;
static void written(const SSL *ssl, const char *line) {
    FILE *out = fopen(getenv("SSLKEYLOGFILE"), "a");
    if (out) { fprintf(out, "%s\\n", line); fclose(out); }
}
SSL *SSL_new(CTX *ctx) {
    void (*set)(CTX *, void (*)(const SSL *, const char *)) = dlsym(RTLD_NEXT, "SSL_CTX_set_keylog_callback");
    SSL *(*real)(CTX *) = dlsym(RTLD_NEXT, "SSL_new");
    set(ctx, written);
    return real(ctx);
}
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def found(program: str) -> str | None:
    """The path of an installed program: Debian hides some of them well."""
    return shutil.which(program, path=PATH)


class Host:
    """One namespace: its address, and what runs in it."""

    def __init__(self, world: World, role: str, number: int) -> None:
        self.world, self.role = world, role
        self.space = f"lab{os.getpid() % 10000}{role[0]}"
        self.link = f"{self.space}0"
        self.address, self.address6 = f"{NET}.{number}", f"{NET6}:{number}"
        self.mac = f"02:00:00:77:00:{number:02x}"
        self.started: list[subprocess.Popen[bytes]] = []

    def words(self, *words: str) -> list[str]:
        inside = ("unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", INNER)
        return ["ip", "netns", "exec", self.space, *inside, f"{self.role}.{DOMAIN}", *words]

    def environment(self, hide: str, more: dict[str, str] | None) -> dict[str, str]:
        kept = {"PATH": PATH, "HOME": str(self.world.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HIDE": hide}
        return {**kept, "SSLKEYLOGFILE": str(self.world.keys), **(more or {})}

    def start(
        self,
        *words: str,
        tcp: int = 0,
        udp: int = 0,
        hide: str = "",
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """A program that stays; back when it listens on the port. `hide` names folders it finds empty."""
        log = self.world.folder / f"{Path(words[0]).name}.{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.words(*words),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env=self.environment(hide, env),
                cwd=cwd or self.world.folder,
            )
        self.started.append(process)
        end = time.monotonic() + 40
        while not self.listens(tcp, udp):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{words[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        return process

    def listens(self, tcp: int, udp: int) -> bool:
        for port, kind in ((tcp, "-Hltn"), (udp, "-Hlun")):
            if port and not self.plain("ss", kind, f"sport = :{port}").stdout.strip():
                return False
        return True

    def plain(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """In the network namespace alone."""
        return subprocess.run(["ip", "netns", "exec", self.space, *words], capture_output=True, check=False)

    def run(
        self,
        *words: str,
        say: bytes | str = b"",
        check: bool = True,
        timeout: float = 30,
        hide: str = "",
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> str:
        """What a program that ends has printed; `say` is its input."""
        said = say.encode() if isinstance(say, str) else say
        done = subprocess.run(
            self.words(*words),
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment(hide, env),
            timeout=timeout,
            check=False,
            cwd=cwd or self.world.folder,
        )
        text = done.stdout.decode("utf-8", "replace")
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{text[-2000:]}")
        return text

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a started program and all that it started: with the first process of a PID namespace the rest ends."""
        if process.poll() is None:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
        process.kill()
        process.wait(10)

    def stop(self) -> None:
        for process in reversed(self.started):
            self.end(process)
            if process.stdin:
                process.stdin.close()


class World:
    """`client` and `server`, a folder of their own, and where TLS programs leave their keys."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.keys = folder / "keys.log"
        self.client, self.server = Host(self, "client", 1), Host(self, "server", 2)
        self._tcpdump: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> World:
        try:
            self._wire()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_recording()
        for host in (self.client, self.server):
            host.stop()
            subprocess.run(["ip", "netns", "del", host.space], check=False, capture_output=True)
            shutil.rmtree(f"/etc/netns/{host.space}", ignore_errors=True)

    def _wire(self) -> None:
        one, two = self.client, self.server
        for host in (one, two):
            ip("netns", "add", host.space)
            etc = Path("/etc/netns", host.space)
            etc.mkdir(parents=True, exist_ok=True)
            (etc / "hosts").write_text(HOSTS)
            (etc / "resolv.conf").write_text(f"nameserver {SERVER}\noptions timeout:1 attempts:1\n")
        ip(
            "link",
            "add",
            one.link,
            "address",
            one.mac,
            "netns",
            one.space,
            "type",
            "veth",
            "peer",
            "name",
            two.link,
            "address",
            two.mac,
            "netns",
            two.space,
        )
        for host in (one, two):
            host.plain(
                "sysctl",
                "-qw",
                f"net.ipv6.conf.{host.link}.router_solicitations=0",
                f"net.ipv6.conf.{host.link}.addr_gen_mode=1",
            )
            host.plain("ethtool", "-K", host.link, "tx", "off", "gso", "off", "tso", "off", "gro", "off")
            ip("-n", host.space, "addr", "add", f"{host.address}/24", "dev", host.link)
            ip("-n", host.space, "addr", "add", f"{host.address6}/64", "dev", host.link, "nodad")
            ip("-n", host.space, "link", "set", host.link, "up")
            ip("-n", host.space, "link", "set", "lo", "up")
            ip("-n", host.space, "route", "add", "224.0.0.0/4", "dev", host.link)

    def record(self, path: Path, expression: str) -> None:
        """Write what passes the capture filter to the file, from now on."""
        words = [
            "ip",
            "netns",
            "exec",
            self.client.space,
            "tcpdump",
            "-i",
            self.client.link,
            "-s",
            "0",
            "-U",
            "--immediate-mode",
            "-Z",
            "root",
            "-w",
            str(path),
            expression,
        ]
        self._tcpdump = subprocess.Popen(words, stderr=subprocess.PIPE)
        assert self._tcpdump.stderr
        while line := self._tcpdump.stderr.readline():
            if b"listening on" in line:
                return
        raise RuntimeError(f"tcpdump does not start: {expression}")

    def stop_recording(self) -> None:
        if self._tcpdump:
            time.sleep(0.3)
            self._tcpdump.send_signal(signal.SIGINT)
            self._tcpdump.communicate(timeout=10)
            self._tcpdump = None

    def file(self, name: str, text: str | bytes, mode: int = 0o644) -> str:
        """A file of the scenario: its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return str(path)

    def certificates(self) -> tuple[str, str, str]:
        """Paths of a CA's certificate, a server certificate for WWW and its key; client.pem and client.key as well."""
        if not (self.folder / "server.pem").exists():
            subprocess.run(["sh", "-ec", CERTIFICATES], check=True, capture_output=True, cwd=self.folder)
        return tuple(str(self.folder / name) for name in ("ca.pem", "server.pem", "server.key"))  # type: ignore[return-value]

    def key_writer(self) -> dict[str, str]:
        """Environment in which a program that uses OpenSSL leaves its keys, whatever it knows of SSLKEYLOGFILE."""
        made = self.folder / "keywriter.so"
        if not made.exists():
            source = self.file("keywriter.c", KEY_WRITER)
            subprocess.run(
                ["gcc", "-shared", "-fPIC", "-o", str(made), source, "-ldl"], check=True, capture_output=True
            )
            self.keys.touch(0o666)
            self.keys.chmod(0o666)
        return {"LD_PRELOAD": str(made)}
