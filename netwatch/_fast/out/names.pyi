# Written by tools/make_stubs.py. Change the .pyx, not this.
TUNNEL_IDS: dict[str, str]
NOTES: tuple[str, ...]
PROTOCOLS: dict[int, str]
ETHERTYPES: dict[int, str]
LINK_TYPES: dict[int, str]

def proto_name(number: int, sub: int = ...) -> str: ...

def link_name(number: int) -> str: ...

def set_names(bits: int) -> list[str]: ...
