"""Sources of frames as Python opens them: files, unpacked or piped, and interfaces, by the helper or directly."""
