"""netwatch: watches a machine's network, reads captures with the same engine, keeps the evidence."""

__version__ = "0.1.0"
# of netwatch.api, which is loaded when one of them is asked for
LIBRARY = ("Alert", "Capture", "DamagedError", "DeniedError", "Dns", "Finding", "Flow", "Group", "Host", "Http",
           "Live", "MissingError", "NetwatchError", "Packet", "Process", "Records", "Stream", "Summary", "Tls",
           "Typed", "UnavailableError", "UsageError", "open", "read", "watch")


def __getattr__(name: str) -> object:
    """What is of the library."""
    if name in LIBRARY:
        import importlib

        found: object = getattr(importlib.import_module("netwatch.api"), name)
        return found
    raise AttributeError(f"module 'netwatch' has no attribute {name!r}")
