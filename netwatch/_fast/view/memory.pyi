# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.engine import Engine

def stores(engine: Engine) -> list[tuple[str, int, int, int, int]]: ...
