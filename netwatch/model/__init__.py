"""The words that all rooms speak: events and records, what an addon is, what a session answers. No logic."""
