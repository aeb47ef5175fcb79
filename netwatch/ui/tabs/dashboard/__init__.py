"""The Dashboard, and the list of responders that it shares with the views Lite and Dense."""
