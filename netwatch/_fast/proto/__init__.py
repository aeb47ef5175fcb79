"""What is known of each protocol on the wire: a file, or a folder with wire, facts and text."""
