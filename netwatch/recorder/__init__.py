"""The recorder: what goes by, kept on disk in a ring, each packet with what is known of its flow."""
