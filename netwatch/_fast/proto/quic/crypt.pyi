# Written by tools/make_stubs.py. Change the .pyx, not this.
def initial_salt(version: int) -> bytes: ...

def keys_of(version: int, cid: bytes) -> tuple[tuple[bytes, ...], ...] | None: ...

def opened(
    version: int,
    cid: bytes,
    server: bool,
    packet: bytes,
    number_at: int,
    expected: int = ...,
) -> bytes | None: ...
