"""Where frames come from: files, interfaces, the helper's ring, several of them merged; and the pcapng writer."""
