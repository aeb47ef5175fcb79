"""An engine as something to ask: columns, filters as programs, orders, groups, the newest frames."""
