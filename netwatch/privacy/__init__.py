"""What stands in place of addresses, names and MACs, wherever something is shown or handed on."""
