"""The Connections tab: flows, alone and in groups, and all that is known of one."""
