"""netwatch: watches a machine's network, reads captures with the same engine, keeps the evidence."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The library, loaded when something of it is asked for: the command line often needs none of it."""
    if not name.startswith("_"):
        import importlib

        api = importlib.import_module("netwatch.api")
        if name in api.__all__:
            found: object = getattr(api, name)
            return found
    raise AttributeError(f"module 'netwatch' has no attribute {name!r}")
