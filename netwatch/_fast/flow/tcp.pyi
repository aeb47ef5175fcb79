# Written by tools/make_stubs.py. Change the .pyx, not this.
EVENTS: tuple[str, ...]
STATES: tuple[str, ...]
