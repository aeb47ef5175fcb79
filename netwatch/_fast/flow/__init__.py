"""Behind flows: rows, their table and timers, TCP as a third party sees it, services, the past of a session."""
