"""The user's own files: where they are, how they are read and written; settings, configuration, crash reports."""
