# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch.model.record import Record

TUNNEL_IDS: dict[str, str]
NOTES: tuple[str, ...]
PROTOCOLS: dict[int, str]
WLAN_FRAMES: dict[int, str]
ETHERTYPES: dict[int, str]
LINK_TYPES: dict[int, str]

def proto_name(number: int, sub: int = ...) -> str: ...

def link_name(number: int) -> str: ...

def interface_text(interfaces: list[Record], iface: int, ifindex: int) -> str | None: ...

def unread_links(interfaces: list[Record]) -> list[str]: ...

def set_names(bits: int) -> list[str]: ...
