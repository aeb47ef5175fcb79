"""What leaves the engines: events, packet rows, names of numbers, and the encoder that writes records from rows."""
