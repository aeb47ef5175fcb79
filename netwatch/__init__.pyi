"""netwatch: watches a machine's network, reads captures with the same engine, keeps the evidence."""
from netwatch.api import *  # noqa: F403 - what __all__ there lists

__version__: str
LIBRARY: tuple[str, ...]
