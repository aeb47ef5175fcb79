"""A network namespace with stand-ins of the registries: their names lead to them, and they say what they are asked for.

Started as a program it is these stand-ins: the address that is asked for chooses what is said.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from netwatch_command import COMMAND, ENVIRONMENT, ROOT
from network_namespaces import end_lab

TOOLS = ("ip", "nsenter", "unshare", "dnsmasq", "mount")
NAMES = {"whois.iana.org": "10.99.0.1", "whois.arin.net": "10.99.0.2", "whois.ripe.net": "10.99.0.3",
         "whois.apnic.net": "10.99.0.4", "whois.lacnic.net": "10.99.0.5", "whois.afrinic.net": "10.99.0.6",
         "whois.example": "10.99.0.7"}
DOWN = NAMES["whois.lacnic.net"]
RIPE, ARIN, STRAY, LARGE, CONTROLS, ENDLESS, SILENT, UNHEARD, ROUND, EMPTY, FAR = (
    "193.0.0.1", "8.8.8.8", "1.1.1.1", "9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.4", "200.1.1.1", "9.9.9.5", "9.9.9.6",
    "2001:500:88:200::8")
SAYS = {
    "10.99.0.1": {
        RIPE: "% IANA WHOIS server\n\nrefer:        whois.ripe.net\n\ninetnum:      193.0.0.0 - 193.255.255.255\n"
              "organisation: RIPE NCC\nwhois:        whois.ripe.net\n",
        ARIN: "refer: whois.arin.net\n", FAR: "inet6num: 2001:400::/23\r\nwhois: whois.arin.net\r\n",
        STRAY: "refer: whois.example\ninetnum: 1.0.0.0 - 1.255.255.255\n", UNHEARD: "refer: whois.lacnic.net\nx: y\n",
        ROUND: "refer: whois.ripe.net\n", CONTROLS: "netname: \x1b[2J\x9b\u202egnp\x00\xff\x07\r\ncountry:\tZZ\n",
        EMPTY: ""},
    "10.99.0.3": {
        RIPE: "% Abuse contact for '193.0.0.0 - 193.0.7.255' is 'abuse@example.net'\n\n"
              "inetnum: 193.0.0.0 - 193.0.7.255\n"
              "netname: RIPE-NCC\ndescr: a place\ncountry: NL\nstatus: ASSIGNED PA\n\norganisation: ORG-1\n"
              "org-name: The Organisation\n\nroute: 193.0.0.0/21\norigin: AS3333\n",
        ROUND: "refer: whois.iana.org\nnetname: ROUND\n"},
    "10.99.0.2": {
        ARIN: "# ARIN\n\nNetRange:       8.8.8.0 - 8.8.8.255\nCIDR: 8.8.8.0/24\nNetName: GOGL\nNetType: Direct\n"
              "OrgName:        Google LLC\nCountry: US\nOrgAbuseEmail:  abuse@example.com\n",
        FAR: "NetRange: 2001:500:: - 2001:501::\nOrgName: ARIN\nReferralServer: whois://whois.arin.net:43\n"}}


def reason() -> str | None:
    """Why there can be no such lab here, None when there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces are made as root on Linux"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {' '.join(missing)}" if missing else None


class Registries:
    """Made and unmade by `with`."""

    def __init__(self, folder: Path) -> None:
        self.name, self._folder = f"nwhreg{os.getpid() % 100000}", folder
        self._running: list[subprocess.Popen[str]] = []
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        (folder / "asked").touch()
        inside = f"mount --bind {folder}/resolv.conf /etc/resolv.conf && exec \"$@\""
        self.prefix = ["nsenter", f"--net=/run/netns/{self.name}", "unshare", "--mount", "sh", "-c", inside, "sh"]

    def __enter__(self) -> Registries:
        try:
            subprocess.run(["ip", "netns", "add", self.name], check=True)
            for words in (("link", "set", "lo", "up"), *(("addr", "add", f"{each}/32", "dev", "lo")
                                                         for each in (*NAMES.values(), RIPE))):
                subprocess.run(["ip", "-n", self.name, *words], check=True)
            self._begin("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1",
                        "--pid-file=", "--user=root", "--bind-interfaces", "--conf-file=/dev/null",
                        *(f"--address=/{name}/{address}" for name, address in NAMES.items()))
            stand_ins = self._begin(sys.executable, __file__, str(self._folder / "asked"))
            assert stand_ins.stdout is not None and stand_ins.stdout.readline() == "listening\n"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end_lab(self._running, [self.name])

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        program = subprocess.Popen([*self.prefix, *words], text=True, stdout=subprocess.PIPE,
                                   env={**ENVIRONMENT, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"})
        self._running.append(program)
        return program

    def asked(self) -> list[tuple[str, str]]:
        """(server, question) since the last time."""
        file = self._folder / "asked"
        found = [(line[0], line[1]) for line in map(json.loads, file.read_text().splitlines())]
        file.write_text("")
        return found

    def whois(self, *words: str) -> tuple[int, Any, str]:
        """Exit code, record, what was said beside it."""
        done = subprocess.run([*self.prefix, *COMMAND, "whois", "--json", *words], env=ENVIRONMENT, text=True,
                              capture_output=True, timeout=90, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def answer(line: socket.socket, here: str, log: str) -> None:
    with line:
        asked = line.makefile("rb").readline().decode().rstrip("\r\n")
        with open(log, "a") as file:
            file.write(json.dumps([here, asked]) + "\n")
        address = asked.rpartition(" ")[2]
        try:
            if address == LARGE:
                line.sendall(b"x" * 1_000_000)
            elif address == SILENT:
                time.sleep(60)
            elif address == ENDLESS:
                while True:
                    line.sendall(b"netname: ENDLESS\n")
                    time.sleep(0.2)
            else:
                line.sendall(SAYS.get(here, {}).get(address, "nothing\n").encode("latin-1", "replace"))
        except OSError:
            return


def main(log: str) -> None:
    def serve(at: socket.socket, here: str) -> None:
        while True:
            threading.Thread(target=answer, args=(at.accept()[0], here, log), daemon=True).start()
    for here in set(NAMES.values()) - {DOWN}:
        threading.Thread(target=serve, args=(socket.create_server((here, 43)), here), daemon=True).start()
    print("listening", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
