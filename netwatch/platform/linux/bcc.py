"""Owners by bcc, for kernels that do not describe their types (no BTF) but whose headers are installed.

bcc is the system's (Debian: python3-bpfcc), used and never bundled; PyPI's package of that name is another thing. It
compiles the program below with the kernel's headers, or those in $BCC_KERNEL_SOURCE. The tracepoint tells of outgoing
TCP connections; kprobes, where the kernel has them, of everything that is sent or received.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from netwatch.model.host import Unavailable
from netwatch.model.machine import Identity, Status
from netwatch.platform.attribution import MS, SECOND, SILENT, TOLD, Sight, Sights
from netwatch.platform.facts import Facts
from netwatch.platform.linux import bpf_events
from netwatch.platform.linux.procfs import Proc

if TYPE_CHECKING:
    import bcc

METHOD = "bcc"
PACKAGES = "/usr/lib/python3/dist-packages"
PROBES = {"inet_sendmsg": "sent", "inet6_sendmsg": "sent", "inet_recvmsg": "received", "inet6_recvmsg": "received"}
TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
TRACE = "events/sock/inet_sock_set_state/format"
PAGES = 256
FIRST_NUMBER = 1 << 62         # beyond the cookies of sock_diag, which runs beside it
MAX_SOCKETS = 65536

TRACEPOINT = r"""
struct event { u32 kind, tgid; u64 start, at, cookie; u32 netns; u16 family, proto, lport, rport; u32 flags;
               u8 local[16], remote[16]; } __attribute__((packed));
BPF_PERF_OUTPUT(events);
BPF_HASH(connecting, u64, u32, 16384);

TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
    u64 sk = (u64)args->skaddr;
    u32 tgid = bpf_get_current_pid_tgid() >> 32, *opener;
    struct event e = {};
    if (args->protocol != 6)
        return 0;
    if (args->oldstate == 7 && args->newstate == 2) {
        connecting.update(&sk, &tgid);
        return 0;
    }
    if (args->newstate == 10)
        e.kind = 2;
    else if (args->oldstate == 2 && (opener = connecting.lookup(&sk))) {
        e.kind = 1;
        tgid = *opener;
        connecting.delete(&sk);
    } else if (args->newstate == 7)
        e.kind = 5;
    else
        return 0;
    e.tgid = tgid;
    e.at = bpf_ktime_get_ns();
    e.cookie = sk;
    e.family = args->family;
    e.proto = args->protocol;
    e.lport = args->sport;
    e.rport = args->dport;
    if (args->family == 2) {
        __builtin_memcpy(e.local, args->saddr, 4);
        __builtin_memcpy(e.remote, args->daddr, 4);
    } else {
        __builtin_memcpy(e.local, args->saddr_v6, 16);
        __builtin_memcpy(e.remote, args->daddr_v6, 16);
    }
    events.perf_submit(args, &e, sizeof(e));
    return 0;
}
"""
KPROBES = r"""
#include <net/sock.h>
struct use { u64 sk; u32 tgid, ports; };
BPF_TABLE("lru_hash", struct use, u64, used, 65536);

#define GET(to, from) bpf_probe_read_kernel(&(to), sizeof(to), (void *)&(from))

static inline int use_socket(struct pt_regs *ctx, u64 socket, u32 kind)
{
    struct sock *sk = NULL;
    struct net *net = NULL;
    struct use key = {};
    u64 now = bpf_ktime_get_ns(), *before;
    u16 kind_of_socket = 0, rport = 0;
    u8 state = 0;
    struct event e = {};
    GET(sk, ((struct socket *)socket)->sk);
    if (!sk)
        return 0;
    GET(e.family, sk->__sk_common.skc_family);
    GET(e.lport, sk->__sk_common.skc_num);
    GET(rport, sk->__sk_common.skc_dport);
    GET(state, sk->__sk_common.skc_state);
    if ((e.family != 2 && e.family != 10) || !e.lport || state == 10)
        return 0;
    e.rport = ntohs(rport);
    e.tgid = bpf_get_current_pid_tgid() >> 32;
    key.sk = (u64)sk;
    key.tgid = e.tgid;
    key.ports = (u32)e.lport << 16 | e.rport;
    before = used.lookup(&key);
    if (before && now - *before < 1000000000ULL)
        return 0;
    used.update(&key, &now);
    e.kind = kind;
    e.at = now;
    e.cookie = (u64)sk;
    GET(e.proto, sk->sk_protocol);
    GET(kind_of_socket, sk->sk_type);
    GET(net, sk->__sk_common.skc_net.net);
    GET(e.netns, net->ns.inum);
    if (kind_of_socket == SOCK_RAW)
        e.lport = e.rport = 0;
    if (e.family == 2) {
        GET(*(u32 *)e.local, sk->__sk_common.skc_rcv_saddr);
        GET(*(u32 *)e.remote, sk->__sk_common.skc_daddr);
    } else {
        bpf_probe_read_kernel(e.local, 16, (void *)&sk->__sk_common.skc_v6_rcv_saddr);
        bpf_probe_read_kernel(e.remote, 16, (void *)&sk->__sk_common.skc_v6_daddr);
    }
    events.perf_submit(ctx, &e, sizeof(e));
    return 0;
}
int sent(struct pt_regs *ctx) { return use_socket(ctx, PT_REGS_PARM1(ctx), 3); }
int received(struct pt_regs *ctx) { return use_socket(ctx, PT_REGS_PARM1(ctx), 4); }
"""


class BccTracker:
    """The tracker. It sees nothing of what was there before it: polling runs beside it."""

    method = METHOD
    complete = False
    polled = False
    pace_s = 60.0
    budget = 0.01

    def __init__(self, sights: Sights, facts: Facts, proc: Proc, own: int) -> None:
        self._sights = sights
        self._facts = facts
        self._proc = proc
        self._own = own
        self._program: bcc.BPF | None = None
        self._what = ""
        self._fix = "apt install python3-bpfcc linux-headers-$(uname -r)"
        self._sockets: OrderedDict[int, tuple[int, Identity, int]] = OrderedDict()    # by address: number, whose, port
        self._numbers = 0
        self._lost_at = 0
        self.events = self.lost = 0

    def start(self) -> None:
        """Compile and attach; seconds. Raises Unavailable."""
        library = _library()
        if not any(os.path.exists(os.path.join(root, TRACE)) for root in TRACEFS):
            self._fix = f"mount -t tracefs tracefs {TRACEFS[0]}"
            raise Unavailable("tracefs is not mounted, or has no tracepoint sock:inet_sock_set_state")
        words: list[str] = []
        for text, what in ((TRACEPOINT + KPROBES, "tracepoint, kprobes"), (TRACEPOINT, "tracepoint")):
            try:
                with _quiet():
                    self._program = library.BPF(text=text, debug=0)
                if text != TRACEPOINT:
                    for function, handler in PROBES.items():
                        self._program.attach_kprobe(event=function, fn_name=handler)
                self._what = what
                break
            except Exception as e:  # bcc raises bare Exception when it cannot compile, load or attach
                words.append(str(e).splitlines()[0] if str(e) else type(e).__name__)
                self.close()
        if self._program is None:
            raise Unavailable(f"bcc: {words[-1]} (are the kernel's headers installed?)")
        self._program["events"].open_perf_buffer(self._take, page_cnt=PAGES, lost_cb=self._lose)

    def drain(self) -> None:
        if self._program is not None:
            self._program.perf_buffer_poll(timeout=0)
            self._sights.passed[METHOD] = time.time_ns()

    def sweep(self) -> None:
        pass

    def status(self) -> Status:
        limits = "outgoing TCP only: this kernel has no kprobes" if self._what == "tracepoint" else ""
        return Status(METHOD, self._program is not None, limits, "" if self._program else self._fix,
                      {"programs": self._what, "events": self.events, "lost": self.lost})

    def close(self) -> None:
        if self._program is not None:
            self._program.cleanup()
            self._program = None

    def _lose(self, count: int) -> None:
        self.lost += count
        self._lost_at = time.time_ns()

    def _number(self, e: bpf_events.SocketEvent, who: Identity) -> int:
        """A number for the socket that is never used again, as the kernel uses its address (which `e.cookie` is)."""
        known = self._sockets.pop(e.cookie, None)
        if known is None or known[1:] != (who, e.lport) or e.kind in (bpf_events.CONNECTED, bpf_events.LISTENS):
            self._numbers += 1
            known = FIRST_NUMBER + self._numbers, who, e.lport
        self._sockets[e.cookie] = known
        if len(self._sockets) > MAX_SOCKETS:
            self._sockets.popitem(last=False)
        return known[0]

    def _take(self, cpu: int, data: int, size: int) -> None:
        if size < bpf_events.SOCKET.size:
            return
        e = bpf_events.socket_event(ctypes.string_at(data, bpf_events.SOCKET.size))
        self.events += 1
        at = e.at + time.time_ns() - time.monotonic_ns()
        if e.kind == bpf_events.CLOSED:
            number, _, _ = self._sockets.pop(e.cookie, (0, e.who, 0))
            self._sights.closed(number, at)
            return
        seen = self._proc.glance(e.who.pid)
        who = seen[0] if seen else Identity(e.who.pid)
        if seen and not self._facts.knows(who):
            self._facts.learn(*seen)
        stream = e.proto == 6
        ago = 10 * MS if e.kind == bpf_events.SENT else (120 if e.kind == bpf_events.CONNECTED else 5) * SECOND
        begin = max(at - ago, min(self._lost_at, at))  # before a loss, the ends may have been another's
        self._sights.saw(Sight(
            who, e.netns or self._own, self._number(e, who), METHOD, e.local, first=at, begin=begin, last=at,
            ending=TOLD if stream else SILENT, listening=e.kind == bpf_events.LISTENS, sharing=True),
            e.proto, e.lport, e.remote, e.rport)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The compiler writes its complaints to descriptor 2, which is the terminal that netwatch draws on."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _library() -> ModuleType:
    """The system's bcc, from where Debian has it when this Python does not look there. Raises Unavailable."""
    if "bcc" in sys.modules:
        return sys.modules["bcc"]
    found = importlib.util.find_spec("bcc") or importlib.util.spec_from_file_location(
        "bcc", Path(PACKAGES, "bcc", "__init__.py"), submodule_search_locations=[f"{PACKAGES}/bcc"])
    if found is None or found.loader is None or not Path(found.origin or "").is_file():
        raise Unavailable("bcc is not installed (Debian: apt install python3-bpfcc and the kernel's headers)")
    library = importlib.util.module_from_spec(found)
    sys.modules["bcc"] = library
    try:
        found.loader.exec_module(library)
        if not hasattr(library, "BPF"):
            raise ImportError("this is another package of that name")
    except (ImportError, OSError) as e:
        del sys.modules["bcc"]
        raise Unavailable(f"bcc: {e}") from None
    return library
