# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.look.registry import add_name as add_name
from netwatch._fast.look.registry import app_names as app_names
from netwatch._fast.look.registry import having as having
from netwatch._fast.look.registry import timeouts as timeouts
