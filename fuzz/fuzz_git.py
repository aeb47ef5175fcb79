"""For any bytes, cut in any way, the git parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import git

if __name__ == "__main__":
    fuzz("git", git)
