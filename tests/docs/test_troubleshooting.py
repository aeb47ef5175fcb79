"""Every message that the page explains is still said, word for word."""

from __future__ import annotations

import re

import pytest
from netwatch_command import ROOT

PAGE = ROOT / "docs" / "troubleshooting.md"
SOURCES = [*(ROOT / "netwatch").rglob("*.py"), *(ROOT / "netwatch").rglob("*.pyx"), ROOT / "tools" / "prepare.sh"]
MESSAGES = sorted({words for line in PAGE.read_text().splitlines() if line.startswith("| ")
                   for words in re.findall(r"`([^`]+)`", line.split(" | ")[0])})


@pytest.fixture(scope="module")
def said() -> str:
    """All that sources say, with texts that go on in the next line as one."""
    return "\n".join(re.sub(r'"\s*\n\s*f?"', "", path.read_text()) for path in SOURCES)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_that_is_explained_is_said(message, said):
    assert message in said
