"""Without a terminal: the session's events as records, and snapshots of what the terminal would show."""
