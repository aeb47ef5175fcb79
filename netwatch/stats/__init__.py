"""Statistics of a capture: flows, frames and messages summed up into tables, each in one pass over the records."""
