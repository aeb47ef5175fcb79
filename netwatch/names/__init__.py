"""Names for what is seen on the wire: so far, the programs known by the fingerprint of their TLS hello."""
