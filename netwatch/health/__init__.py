"""Health of the ways out, measured by probes that were asked for: who answers, how late, and since when not."""
