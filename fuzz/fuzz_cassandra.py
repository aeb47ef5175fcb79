"""For any bytes, cut in any way, Cassandra's parser gives the same answer, and its texts are valid."""

from database import fuzz

from netwatch._fast.proto.cassandra import text as cassandratext

if __name__ == "__main__":
    fuzz("cassandra", cassandratext)
