# Written by tools/make_stubs.py. Change the .pyx, not this.
TIMEOUTS: dict[str, int]
