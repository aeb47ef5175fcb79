"""Which process owns a flow of a live capture."""
