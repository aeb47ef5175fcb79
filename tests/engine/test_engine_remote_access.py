"""SMB, RDP and RFB through the whole engine: what stands above and below them, and that TLS after them is found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from conversation import CLIENT, SERVER
from running import run
from talks import Turns, tell, tls_talk

sys.path.insert(0, str(Path(__file__).parent.parent / "proto"))

from messages import NB_CALL, NB_YES
from remote_talks import RDP_TALK, RDP_TLS_TALK, SMB1_TALK, SMB3_TALK, VNC_TALK, VNC_VEN_TLS


def flow_of(port: int, turns: Turns) -> dict[str, Any]:
    flows = run(tell(port, turns).frames, kinds=("flows",)).flows
    assert len(flows) == 1
    return dict(flows[0])


@pytest.mark.parametrize(
    ("port", "turns", "stack"),
    [
        (445, SMB3_TALK, ["netbios", "smb"]),
        (4450, SMB1_TALK, ["netbios", "smb"]),
        (139, [(CLIENT, NB_CALL), (SERVER, NB_YES), *SMB1_TALK], ["netbios", "smb"]),
        (3389, RDP_TALK, ["rdp"]),
        (3390, [*RDP_TLS_TALK[:2], *tls_talk()], ["rdp", "tls"]),
        (5900, VNC_TALK, ["vnc"]),
        (5901, [*VNC_VEN_TLS, *tls_talk()], ["vnc", "tls"]),
    ],
)
def test_the_stack_from_below(port: int, turns: Turns, stack: list[str]) -> None:
    flow = flow_of(port, turns)
    assert flow["app_stack"] == stack
    assert flow["app"] == stack[-1]
    assert "below" not in flow.get("smb", {})
    assert flow[stack[-1]]


def test_a_session_on_its_own_port_keeps_both() -> None:
    flow = flow_of(139, [(CLIENT, NB_CALL), (SERVER, NB_YES), *SMB1_TALK])
    assert flow["netbios"]["status"] == "established"
    assert flow["smb"]["shares"] == ["\\\\FILES\\PUB"]
    assert flow["label"] == "SMB1 \\\\FILES\\PUB"


def test_names_of_the_tls_after_rdp_are_learnt() -> None:
    flow = flow_of(3389, [*RDP_TLS_TALK[:2], *tls_talk()])
    assert flow["tls"]["sni"] == "secret.example.com"
    assert flow["rdp"]["user"] == "anna"
