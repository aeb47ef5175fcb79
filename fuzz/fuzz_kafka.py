"""For any bytes, cut in any way, the Kafka parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto.kafka import text as kafkatext

if __name__ == "__main__":
    fuzz("kafka", kafkatext)
