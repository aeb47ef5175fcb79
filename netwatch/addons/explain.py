"""Why a flow is called what it is: the first bytes of both sides, the rule they fit, what speaks against it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.look.registry import app_names
from netwatch._fast.out.protocols import DESCRIBING
from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.packets.questions import masked_frame, secrets_of_flow
from netwatch.model.contract import Addon
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.model.contract import Session

PROTOCOLS = "netwatch._fast.proto."
READ_WITH = {"ftp-data": "ftpdata"}  # whose module, where none describes it
# what services are called, where that is no name of a protocol of ours; several: any of them is what the port is for
SPOKEN_AT = {"domain": ("dns",), "https": ("tls", "quic"), "http-alt": ("http",), "http-proxy": ("http",),
             "imaps": ("tls",), "pop3s": ("tls",), "ldaps": ("tls",), "submission": ("smtp",),
             "ms-wbt-server": ("rdp",),
             "domain-s": ("tls", "dtls"), "microsoft-ds": ("smb2", "smb"), "bootps": ("dhcp",), "bootpc": ("dhcp",)}
SHOWN = 32  # bytes of a side
LOOKED_AT = 400  # frames of the flow
SURE, LIKELY = 90, 60  # percent


class Said(NamedTuple):
    """The first bytes of a side: `of` "initiator" or "responder", in which frame."""

    of: str
    frame: int
    data: bytes
    length: int


@dataclass(frozen=True)
class Explained:
    """`record` is None when the flow is gone. `rule`: what the reader of that protocol says of itself. `said`: as far
    as frames are kept. `against`: what makes it less sure, in words."""

    record: Record | None
    rule: str = ""
    said: tuple[Said, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explain:
    """Of the flow of that number."""

    flow: int

    def answer(self, session: Session) -> Explained:
        record = session.flow(self.flow)
        if record is None:
            return Explained(None)
        said = self._said(session, record)
        return Explained(record, rule_of(str(record.get("app") or "")), said, tuple(_against(record, said)))

    def _said(self, session: Session, record: Record) -> tuple[Said, ...]:
        """The first frame of each side that carries something."""
        found: dict[str, Said] = {}
        with session.lock:
            ring = session.get(KeptFrames).ring
            ordinals = ring.of_flow(self.flow, ring.first, ring.next)[:LOOKED_AT]
        for k in ordinals:
            secrets = tuple(secrets_of_flow(session, k))
            with session.lock:
                if not ring.first <= k < ring.next:
                    continue
                about, frame, told = ring.about(k), ring.frame(k), ring.record(k)
            start = about["payload_at"]
            side = "initiator" if told.get("src") == record.get("src") and told.get("sport") == record.get("sport") \
                else "responder"
            if start >= 0 and len(frame) > start and side not in found:
                data = masked_frame(frame, about, secrets)[start:]
                found[side] = Said(side, int(told.get("n", 0)), data[:SHOWN], len(data))
            if len(found) == 2:
                break
        return tuple(found[side] for side in ("initiator", "responder") if side in found)


def rule_of(app: str) -> str:
    """What the protocol's own module says it reads, its first sentence; "" where there is none of that name."""
    if not app:
        return ""
    home = PROTOCOLS + READ_WITH.get(app, DESCRIBING.get(app, app).partition(".")[0])
    module = sys.modules.get(f"{home}.wire") or sys.modules.get(home)
    return " ".join(((module.__doc__ if module else "") or "").split("\n\n")[0].split())


def sureness(percent: int) -> str:
    """The word for a confidence."""
    return "sure" if percent >= SURE else "likely" if percent >= LIKELY else "a guess"


def _against(record: Record, said: tuple[Said, ...]) -> list[str]:
    """What speaks against the name, or keeps it from being surer."""
    app, service, told = record.get("app"), record.get("service"), []
    expected = SPOKEN_AT.get(str(service)) or ((str(service),) if service and service in app_names() else ())
    if app and expected and not {*expected} & {app, *(record.get("app_stack") or ())}:
        told.append(f"port {record.get('dport')} is registered for {service}")
    if app and record.get("confidence", 100) < SURE:
        told.append(f"the bytes fit by {record['confidence']} %, not more")
    if record.get("initiator") == "guessed":
        told.append("its beginning was not seen: who began it is a guess, and a rule for openings has seen none")
    if not record.get("packets_in") or not record.get("packets_out"):
        told.append("only one side was seen to speak")
    if app and not said:
        told.append("none of its bytes are kept any more, so that they cannot be shown")
    if not app:
        told.append("no rule knows these bytes" if said else "nothing was said that a rule could know")
    return told


class ExplainAddon(Addon):
    """Tells why a flow is called what it is."""

    name = "explain"
    questions = (Explain,)
