"""THE TABLE, the part that only screens show: a flow seen from this machine where it is an end, and how it fares.

No record has these fields and no filter knows them: they depend on where one stands, or on the moment.
"""
from netwatch.schema.field import ADDRESS, BYTES, DURATION, INT, RATE, TEXT, Field, _field

SCREEN: tuple[Field, ...] = (
    _field("local", "screen", ADDRESS, "LOCAL", 21, "This machine's end; where it is none, who began the flow."),
    _field("remote", "screen", ADDRESS, "REMOTE", 28,
           "The other end: by name where there is one, ~ marks an inferred one; an arrow: it began the flow."),
    _field("what", "screen", TEXT, "WHAT", 24, "What was recognised and what it said, the other end's name left out."),
    _field("down", "screen", RATE, "DOWN/S", 9, "Bytes per second to this machine, else to whoever began the flow."),
    _field("up", "screen", RATE, "UP/S", 9, "Bytes per second from this machine, else from whoever began the flow."),
    _field("down_bytes", "screen", BYTES, "DOWN", 8, "Frame bytes that way since the flow began."),
    _field("up_bytes", "screen", BYTES, "UP", 8, "Frame bytes that way since the flow began."),
    _field("minute", "screen", RATE, "LAST 60 S", 10, "Both directions, by the flow's own highest second."),
    _field("trouble", "screen", INT, "TROUBLE", 14,
           "R sent again, O out of order, Z zero windows, each counted; reset, no answer, QUIC's retry. Worst first."),
    _field("age_s", "screen", DURATION, "AGE", 7, "Since its first frame.", unit="s"),
    _field("idle_s", "screen", DURATION, "IDLE", 7, "Since its newest frame.", unit="s"),
    _field("left_s", "screen", DURATION, "LEFT", 7, "Until it is forgotten if nothing comes.", unit="s"),
)
