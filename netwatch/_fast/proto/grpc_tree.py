"""gRPC is told by the frames of HTTP/2 that carry it."""

from __future__ import annotations

from netwatch._fast.proto.http2.tree import TREE as TREE
