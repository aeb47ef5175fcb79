"""Behind streams and dpi: segments put in order, who reads a flow, what a protocol is to the engine (protocol.pxd)."""
