"""What each program talks to: a policy for it, what was seen held against that, and a ledger of bytes by day."""
