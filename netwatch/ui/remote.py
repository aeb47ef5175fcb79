"""What is asked of the world about the host of the selected row: the way to it, and whose it is. Only by a key."""
from __future__ import annotations

import ipaddress
from collections.abc import Callable

from netwatch.ui.popups import trace, whois
from netwatch.ui.state import State

NONE = "The selected row tells of no single address; its flows do"


def actions(remote: Callable[[State], str]) -> dict[str, Callable[[State], None]]:
    """Of a tab; `remote(state)`: the address that the selected row tells of, "" for none."""
    def act(show: Callable[[State, str], None]) -> Callable[[State], None]:
        def ask(state: State) -> None:
            address = remote(state)
            if address:
                show(state, address)
            else:
                state.message = NONE
        return ask
    return {"trace": act(trace.show), "whois": act(whois.show)}


def far_end(state: State, *ends: object) -> str:
    """Of the ends of a flow, as they are shown, the first that is a global address, or else an address; "" for none."""
    known = [(str(end), address) for end in ends if (address := _address(state.reveal(str(end)))) is not None]
    return next((shown for shown, address in known if address.is_global), known[0][0] if known else "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
