"""The addon that keeps the newest frames, and what it may be asked."""

from __future__ import annotations

from netwatch.addons.packets.conversation import Stream
from netwatch.addons.packets.further import further_fields
from netwatch.addons.packets.kept import INKS, KeptFrames, of_packets
from netwatch.addons.packets.questions import Packets
from netwatch.filter import Filter
from netwatch.model.option import Option


def rule(text: str) -> Filter | None:
    """A filter, or nothing. Raises FilterError, a ValueError."""
    return of_packets(text) if text else None


class PacketsAddon(KeptFrames):
    """Keeps the newest frames, decodes and filters them, puts what a flow says together again."""

    name = "packets"
    options = (Option("ring_mb", 64, "Memory for the newest frames, which the Packets tab shows, in MiB.", 2, 65_536),
               Option("file_mb", 1024, "Memory, taken as frames come, for where those of a file are in it, 16 bytes "
                      "each; of what cannot be read again (packed, piped, several files) for the frames.", 2, 65_536),
               Option("relative_seq", True, "Count TCP's sequence numbers from where each side began."),
               Option("columns", "", "Fields of frames or of their flows that Packets tells in columns of their "
                      "own, with commas between them: ttl, tcp.flags, tls.sni.", form=further_fields),
               *(Option(f"color.{ink}", "", f"A filter: frames in Packets that pass it are told in the ink {ink}; of "
                        "several the first counts.", form=rule) for ink in INKS))
    questions = (Packets, Stream)
