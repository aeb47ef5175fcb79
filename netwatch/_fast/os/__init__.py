"""What the engine asks Linux itself: netlink, sock_diag, counters of interfaces."""
