"""What /proc tells of processes, sockets and namespaces, and nothing that has to be guessed.

`root` is where it is mounted, so that tests read recorded trees. A process may vanish between any two reads, and
hidepid or a lack of permission may hide it: such a process is passed over and counted, never an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from netwatch.model.machine import Identity, Process
from netwatch.platform.base import ICMP, ICMP6, MAX_TEXT, Socket, clean

RAW_TABLES = {"raw": 0, "raw6": 0, "icmp": ICMP, "icmp6": ICMP6}


class Proc:
    """One /proc. `hidden` counts processes whose descriptors we might not read in the last pass over them."""

    def __init__(self, root: str = "/proc") -> None:
        self.root = root
        self.hidden = 0

    def pids(self) -> list[int]:
        return [int(name) for name in os.listdir(self.root) if name.isdigit()]

    def identify(self, pid: int) -> Identity | None:
        """The process that has this pid now; None when there is none, or none that we may see."""
        stat = self._read(f"{pid}/stat")
        # the name, in parentheses, may hold anything; proc(5): field 22 is the start time
        fields = stat[stat.rfind(")") + 2:].split()
        return Identity(pid, int(fields[19])) if len(fields) > 19 else None

    def glance(self, pid: int) -> tuple[Identity, Process] | None:
        """The process and what of its facts is quickly read, for those that will be gone when somebody asks."""
        stat = self._read(f"{pid}/stat")
        close = stat.rfind(")")
        fields = stat[close + 2:].split()
        if len(fields) <= 19:
            return None
        exe = self._link(f"{pid}/exe")
        cmdline = self._read(f"{pid}/cmdline", MAX_TEXT).rstrip("\0").replace("\0", " ")
        name = full_name(clean(stat[stat.find("(") + 1:close]), cmdline)
        return Identity(pid, int(fields[19])), Process(
            pid, name, clean(exe), clean(cmdline), uid=self._uid(pid), ppid=int(fields[1]))

    def inodes(self, pid: int) -> list[int]:
        """The sockets this process has open; none when it is gone or hidden."""
        from netwatch._fast.os.sockdiag import socket_inodes

        try:
            found: list[int] = socket_inodes(f"{self.root}/{pid}/fd")
            return found
        except PermissionError:
            self.hidden += 1
        except OSError:
            pass
        return []

    def namespace(self, pid: int | str = "self") -> int:
        """The inode of its network namespace, 0 when not known."""
        try:
            return os.stat(f"{self.root}/{pid}/ns/net").st_ino
        except OSError:
            return 0

    def addresses(self, pid: int | str = "self") -> frozenset[bytes]:
        """The addresses of its network namespace, from fib_trie and if_inet6; none when they cannot be read."""
        return frozenset([*self._local4(pid), *self._local6(pid)])

    def cgroups(self, pid: int) -> str:
        """The text of its control groups."""
        return self._read(f"{pid}/cgroup")

    def hides_others(self) -> bool:
        """Whether /proc is mounted so that others' processes are not shown (hidepid, proc(5))."""
        mounts = (line.split() for line in self._read("self/mountinfo").splitlines())
        last = [words[-1] for words in mounts if len(words) > 6 and words[4] == self.root]
        return bool(last) and "hidepid=" in last[-1] and "hidepid=0" not in last[-1]

    def effective(self) -> int:
        """Our effective capabilities, a bit each; capability(7)."""
        for line in self._read("self/status").splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
        return 0

    def raw_sockets(self, pid: int | str = "self") -> list[Socket]:
        """Raw and ping sockets of its namespace. A raw socket's "port" is its protocol: here it has none."""
        found = []
        for table, fixed in RAW_TABLES.items():
            for line in self._read(f"{pid}/net/{table}").splitlines()[1:]:
                words = line.split()
                if len(words) < 10:
                    continue
                (local, port), (remote, rport) = _end(words[1]), _end(words[2])
                found.append(Socket(fixed or port, local, port if fixed else 0, remote, rport if fixed else 0,
                                    uid=int(words[7]), inode=int(words[9])))
        return found

    def _local4(self, pid: int | str) -> Iterator[bytes]:
        previous = ""
        for line in self._read(f"{pid}/net/fib_trie").splitlines():
            if "/32 host LOCAL" in line:
                yield bytes(int(n) for n in previous.split(".") if int(n) < 256)
            previous = line.rpartition(" ")[2]

    def _local6(self, pid: int | str) -> Iterator[bytes]:
        for line in self._read(f"{pid}/net/if_inet6").splitlines():
            yield bytes.fromhex(line.split()[0])

    def _uid(self, pid: int) -> int | None:
        try:
            return os.stat(f"{self.root}/{pid}").st_uid
        except OSError:
            return None

    def _link(self, name: str) -> str:
        try:
            return os.readlink(f"{self.root}/{name}")
        except OSError:
            return ""

    def _read(self, name: str, limit: int = -1) -> str:
        try:
            with open(f"{self.root}/{name}", "rb", buffering=0) as f:
                return (f.readall() if limit < 0 else f.read(limit) or b"").decode("utf-8", "replace")
        except OSError:
            return ""


def full_name(comm: str, cmdline: str) -> str:
    """The kernel keeps 15 octets of a name; the command line has the rest when it begins with the same ones."""
    whole = cmdline.partition(" ")[0].rpartition("/")[2]
    return whole if len(comm) == 15 and whole.startswith(comm) else comm


def _end(text: str) -> tuple[bytes, int]:
    """0100007F:0035: 32-bit words in the machine's order, here little-endian; b"" for any address."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[i:i + 8])[::-1] for i in range(0, len(address), 8)]
    whole = b"".join(words)
    return (whole if any(whole) else b""), int(port, 16)
