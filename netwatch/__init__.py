"""netwatch: watches a machine's network, reads captures with the same engine, keeps the evidence."""

__version__ = "0.1.0"
