"""Behind parse: link layers, tunnels, fragments and transports, from a frame to a Packet."""
