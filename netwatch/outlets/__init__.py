"""Where an agent's records go: files, and other machines. A process of its own, which reads nothing of a stranger's."""
