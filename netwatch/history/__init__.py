"""History: flows that are over, kept on disk across runs, when somebody asked for that."""
