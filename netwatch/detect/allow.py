"""Addresses that a detector leaves in peace."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from netwatch.model.contract import AddonError

REMEMBERED = 65536  # addresses that were asked about


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Those of a comma-separated list of addresses and networks. Raises ValueError."""
    return [ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


class Allowed:
    """Addresses that are passed over: a comma-separated list of addresses and networks. Raises AddonError."""

    def __init__(self, text: str) -> None:
        try:
            self._networks = networks(text)
        except ValueError as e:
            raise AddonError(f"detect: allow: {e}") from None
        self._known: dict[bytes, bool] = {}

    def __contains__(self, address: bytes) -> bool:
        if not self._networks:
            return False
        found = self._known.get(address)
        if found is None:
            one = ip_address(address)
            found = any(one in network for network in self._networks)
            if len(self._known) < REMEMBERED:
                self._known[address] = found
        return found
