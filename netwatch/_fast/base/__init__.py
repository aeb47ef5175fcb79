"""Bytes, text, the one hash, scopes of addresses: what needs nothing else of the engine."""
