"""Detectors: what deserves an alert, one file each. They are told few things, by packet time, and remember little."""
