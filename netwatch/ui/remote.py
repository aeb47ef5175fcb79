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


def far_end(*ends: object) -> str:
    """Of the ends of a flow, the first that is a global address, or else an address; "" for none."""
    known = [str(end) for end in ends if _is_address(end)]
    return next((end for end in known if ipaddress.ip_address(end).is_global), known[0] if known else "")


def _is_address(end: object) -> bool:
    try:
        ipaddress.ip_address(str(end))
    except ValueError:
        return False
    return True
