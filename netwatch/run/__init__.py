"""What runs a source from its first frame to its last: the pipeline, the session without a terminal, the replay."""
