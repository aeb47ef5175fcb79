"""Linux: what it knows (machine.py) and how a process gives up its rights (jail.py)."""
