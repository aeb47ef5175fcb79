"""Slices of work: what may be done with the engine held still, before it gets its turn."""


cdef class Work:
    """What is left of a slice, and what was done in all slices: the measure of how long the engine was held."""

    def begin(self) -> None:
        """A new slice."""
        self.left = SLICE
        self.slices += 1
