"""What users add themselves: Python files of the configuration folder."""
