"""Names and places of addresses: learnt from the wire, looked up in tables, and, only if asked to, from resolvers.

Also the names of programs, by the fingerprint of their TLS hello.
"""
