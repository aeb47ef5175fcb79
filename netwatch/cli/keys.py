"""--keylog and $SSLKEYLOGFILE: which key logs are used, and what is said when one cannot be read."""

from __future__ import annotations

import os
from typing import Any

from netwatch.cli.errors import CommandError


def open_keys(named: list[str], source: Any, live: bool = False) -> list[Any]:
    """The service that decrypts, in a list, or none where there can be no keys.

    A named file must be there, except for a live capture: there it may appear later, like $SSLKEYLOGFILE always.
    Raises CommandError.
    """
    from netwatch._fast.input.savefile import Pcap

    default = os.environ.get("SSLKEYLOGFILE", "")
    paths = named or ([default] if default else [])
    if not paths and (live or type(source) is Pcap):
        return []
    from netwatch.decrypt.addon import Decryptor, KeyLogError

    decryptor = Decryptor(paths)
    if named and not live:
        try:
            decryptor.open()
        except KeyLogError as e:
            raise CommandError(str(e), e.exit_code) from None
    return [decryptor]
