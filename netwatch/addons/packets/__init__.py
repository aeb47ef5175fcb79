"""The newest frames, whole: kept, filtered, decoded, put together to conversations, saved."""
