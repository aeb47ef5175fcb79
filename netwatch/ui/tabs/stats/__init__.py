"""Stats: what came in a range of time, by whatever may be asked for."""
