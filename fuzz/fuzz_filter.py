"""Any text is a filter or a FilterError, in bounded time, and a filter gives True or False of any of these records.

python fuzz/fuzz_filter.py [corpus folder] [libFuzzer options]      needs atheris
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["netwatch.filter", "netwatch.schema"]):
    from netwatch.filter import Filter, FilterError
    from netwatch.filter.nodes import MAX_TEXT, Pattern

SECONDS = 1.0  # the parse of MAX_TEXT characters takes a hundredth of it
RECORDS = (
    {},
    {"sport": 443, "src": "::1", "tls": {"sni": "a.example", "alpn": ["h2"]}, "rtt_us": 5, "bytes_out": 1},
    {"schema": "netwatch.dns/1", "questions": [{"name": "x"}], "time": "2026-01-02T03:04:05.000000006Z"},
)


def patterns(node: object) -> bool:
    """The filter has a regular expression, whose running time is its author's affair."""
    return isinstance(getattr(node, "test", None), Pattern) or any(
        patterns(item) for item in (*getattr(node, "items", ()), *([node.item] if hasattr(node, "item") else ()))
    )


def test_one(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    begin = time.process_time()
    try:
        found = Filter(text)
    except FilterError as error:
        assert 1 <= error.column <= min(len(text), MAX_TEXT) + 1, error
        assert error.message
        assert error.pointing().count("\n") == 2 and error.pointing().replace("\n", "").isprintable()
        found = None
    assert time.process_time() - begin < SECONDS, "slow to parse"
    if found is not None and not patterns(found.node):
        for record in RECORDS:
            assert found.matches(record) in (True, False)
            assert found.matches(record, RECORDS[1]) in (True, False)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()
