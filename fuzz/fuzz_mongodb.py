"""For any bytes, cut in any way, MongoDB's parser gives the same answer, and its texts are valid."""

from database import fuzz

from netwatch._fast.proto.mongodb import text as mongodbtext

if __name__ == "__main__":
    fuzz("mongodb", mongodbtext)
