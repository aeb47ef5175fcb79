"""The canvas that the terminal draws on."""
