"""What came in each second, in all: how much, how much of it lost."""
