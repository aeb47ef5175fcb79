"""An outlet over one connection: made when there is something to say, and made anew after it broke."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from netwatch.outlets.plan import address_of, connect
from netwatch.outlets.sending import Sending

SECONDS = 10.0  # for each step of a connection


class Connected:
    """Who says its messages by `_say`, in a thread of their own."""

    name = ""

    def __init__(self, address: str, schemes: Sequence[str], port: int, ca: str = "") -> None:
        """Raises OutletError."""
        self._scheme, self._host, self._port = address_of(address, schemes, port)
        self._ca = ca
        self._socket: socket.socket | None = None
        self._sending: Sending | None = None

    def reopen(self) -> None:
        """Nothing of it is in files."""

    def close(self) -> None:
        """What waits is sent, as far as that goes so fast."""
        if self._sending is not None:
            self._sending.close()

    def state(self) -> dict[str, int | str]:
        return {"sent": 0, "dropped": 0, "waiting": 0} if self._sending is None else self._sending.state()

    def _put(self, data: bytes) -> None:
        if self._sending is None:
            self._sending = Sending(self.name, self._send)
        self._sending.put(data)

    def _send(self, batch: list[bytes]) -> None:
        try:
            fresh = self._socket is None
            if self._socket is None:
                self._socket = connect(self._scheme, self._host, self._port, SECONDS, self._ca)
            self._say(self._socket, batch, fresh)
        except OSError:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
            raise

    def _say(self, connection: socket.socket, batch: list[bytes], fresh: bool) -> None:
        """`fresh`: nothing was said by this connection. Raises OSError."""
        raise NotImplementedError
