"""The Processes tab."""
