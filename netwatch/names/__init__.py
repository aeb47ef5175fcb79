"""Names and places of addresses: learnt from the wire, looked up in tables, and, only if asked to, from resolvers."""
