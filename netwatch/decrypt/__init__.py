"""What only Python reads: key logs, what they open, and what was said inside: HTTP/2, HTTP/3, WebSocket, gRPC."""
