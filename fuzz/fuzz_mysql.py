"""For any bytes, cut in any way, MySQL's parser gives the same answer, and its texts are valid."""

from database import fuzz

from netwatch._fast.proto.mysql import text as mysqltext

if __name__ == "__main__":
    fuzz("mysql", mysqltext)
