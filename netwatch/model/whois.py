"""Whose an address is: the registries that may be asked (RFC 3912), and what one of them said. Nothing here asks."""

from __future__ import annotations

from dataclasses import dataclass

IANA = "iana"
SERVERS = {  # by registry: nobody else is asked, whoever is referred to
    IANA: "whois.iana.org", "arin": "whois.arin.net", "ripe": "whois.ripe.net", "apnic": "whois.apnic.net",
    "lacnic": "whois.lacnic.net", "afrinic": "whois.afrinic.net"}


@dataclass(frozen=True, slots=True)
class RegistryAnswer:
    """What a registry said of an address, as far as it came; `reason`: why that is nothing, or not all."""

    registry: str
    data: bytes = b""
    reason: str = ""
