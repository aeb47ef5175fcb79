"""Interfaces over time."""
