"""Opening what the user holds the keys to: key logs, TLS and DTLS records.

Ciphers are those of `cryptography`, loaded when the first key is made. What does not verify is never shown.
"""
