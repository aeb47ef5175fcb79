"""Tor is told by the handshake of TLS; what it says in there is closed."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Raw

TREE = Layout("tor", "Tor", (Raw("tor.data", "Data, encrypted"),))
