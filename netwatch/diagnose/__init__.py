"""What is wrong, since when, why, and what to do about it: rules over what flows wait for."""
