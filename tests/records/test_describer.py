"""What is kept of a description, for the flows whose facts are alike, is what describing them again would give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netwatch_command import ROOT

from netwatch._fast.out.record import Describer, described_of
from netwatch._fast.proto.http import text
from netwatch.capture.file import open_files
from netwatch.run.pipeline import Pipeline

CAPTURES = [path for folder in ("golden", "captures") for path in sorted((ROOT / "tests" / folder).glob("*.pcap"))]
CHOICES = (None, frozenset({"tls", "http", "app"}), frozenset({"label"}), frozenset({"src"}))
TIMES = 3  # the first is not kept, the second is, the third is what was kept


@pytest.mark.parametrize("secrets", [False, True])
@pytest.mark.parametrize("wanted", CHOICES, ids=lambda wanted: "+".join(sorted(wanted)) if wanted else "all")
def test_what_is_kept_is_what_facts_say(wanted: frozenset[str] | None, secrets: bool) -> None:
    describer = Describer(secrets, wanted)
    for path in CAPTURES:
        source = open_files([str(path)])
        pipeline = Pipeline(source, want=set(), hold=True)
        steps = list(iter(pipeline.step, None))
        for engine, row in [each for step in [*steps, pipeline.finish()] for each in step.ended]:
            expected = described_of(engine, row, secrets, wanted)
            for _ in range(TIMES):
                said = describer.of(engine, row)
                assert (said, list(said)) == (expected, list(expected)), path
                said["label"] = "of an addon"
        pipeline.close()
        source.close()


@given(st.lists(st.sampled_from(["?", "&", ";", "#", "=", "token", "ID_token", "apikey", "code", "xcode", "id", "/",
                                 "@", "http://u:p@h", "passwd", "\u0131d_token", "pa\u017fswd", " ", "v"]),
                max_size=12))
def test_a_look_before_a_url_is_masked_misses_nothing(parts: list[str]) -> None:
    url = "".join(parts)
    assert text.mask_url(url) == text._QUERY.sub(r"\1***", text._USERINFO.sub(r"\1***@", url))
