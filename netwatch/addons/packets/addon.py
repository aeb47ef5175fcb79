"""The addon that keeps the newest frames, and what it may be asked."""

from __future__ import annotations

from netwatch.addons.packets.conversation import Stream
from netwatch.addons.packets.kept import KeptFrames
from netwatch.addons.packets.questions import Packets
from netwatch.model.option import Option


class PacketsAddon(KeptFrames):
    """Keeps the newest frames, decodes and filters them, puts what a flow says together again."""

    name = "packets"
    options = (Option("ring_mb", 64, "Memory for the newest frames, which the Packets tab shows, in MiB.", 2, 65_536),
               Option("file_mb", 1024, "The same for a file, whose frames are all kept as far as it reaches; memory is "
                      "taken as they come.", 2, 65_536))
    questions = (Packets, Stream)
