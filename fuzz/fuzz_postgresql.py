"""For any bytes, cut in any way, PostgreSQL's parser gives the same answer, and its texts are valid."""

from database import fuzz

from netwatch._fast.proto import postgresql

if __name__ == "__main__":
    fuzz("postgresql", postgresql)
