"""What only Python reads: key logs and what they open, and what was said: HTTP/2, HTTP/3, WebSocket, gRPC.

Ciphers are those of `cryptography`, loaded when the first key is made. What does not verify is never shown.
"""
