"""The Packets tab: frames, decoded fields, bytes, and what a flow says."""
