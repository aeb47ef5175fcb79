"""What happened when: events of note."""
