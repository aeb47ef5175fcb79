"""DNS tunnels: one host asks for many long names below one domain, each another, that read like noise.

Long names of words are a content network's, or a service's; what is encoded has letters and digits about as often as
each other: its entropy is high, or it is hex. Bytes that are no ASCII are in no host's name (RFC 5890 section
2.3.2.1): they are encoded, however regular they are. Names below arpa are addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import fsum, log2
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.dga import reads_as_made
from netwatch.detect.episodes import bound_of, said
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

HEX = frozenset("0123456789abcdef")
NAMES = 4096  # remembered
LABEL = 20  # bytes of the longest label, at least
# whose owners alone say what stands below them: reputation by hash, and hosts with a number
SERVICES = ("mcafee.com, sophosxl.net, sophosxl.com, e5.sk, spamhaus.org, spamhaus.net, surbl.org, uribl.com, "
            "msbl.org, rspamd.com, cymru.com, abusix.zone, amazonaws.com, cloudfront.net, windows.net, azure.com, "
            "azureedge.net, googlevideo.com, googleusercontent.com, akamaiedge.net, akamaihd.net, fbcdn.net, "
            "plex.direct")
WORDS = re.compile("[-_]")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOISE = 3.4  # bits a byte; of twenty bytes of hex some 3.5, of English words below 3.3


class DnsTunnel(Detector):
    name = "dns_tunnel"
    about = "Tell of hosts that ask for many long names like noise below one domain."
    options = (
        Option("window_s", 300, "Seconds within which they are asked for.", 10, 86400),
        Option("names", 8, "Different names of 30 bytes and more below one domain.", 3, 16000),
        Option("domains", SERVICES, "Domains, separated by commas, below which such names are a service's."),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._domains = {"arpa", *(part.strip().lower() for part in of("domains").split(","))}
        return [Many(("asked", "told"), ("src", "domain"), ("name",), of("names"), of("window_s"), apps=("dns",),
                     names="long",
                     bound=bound_of(of("names"), NAMES))]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        domain = table.key(crowd)["domain"].lower().rstrip(".")
        if notice.src in self.allowed or domain in self._domains or domain.endswith(".arpa"):
            return
        names = [str(name) for name in said(facts, notice.app).get("dns", {}).get("names", ())
                 if str(name).lower().rstrip(".").endswith(domain)]
        names += [thing["name"] for thing in table.things(crowd)]
        labels = [max(name.lower().split("."), key=len) for name in names]
        noise = sorted(entropy(label) for label in labels if is_encoded(label))
        if len(noise) * 2 > len(labels):
            self.alarm(self, notice, (table, names[0], noise[len(noise) // 2]), crowd)

    def describe(self, about: tuple[Crowds, str, float], episode: Crowd) -> Told:
        table, name, noise = about
        key = table.key(episode)
        src = text_of(key["src"])
        below = key["domain"] or "the root"
        return Told(WARNING, "DNS tunnel", f"{src} asked for {episode.most} long names below {below} within "
                    f"{table.window_s} s, such as {name[:80]}",
                    {"domain": key["domain"], "names_at_most": episode.most, "names_asked": episode.count,
                     "entropy_bits_per_byte": round(noise, 2), "window_s": table.window_s}, {"src": src})


def is_encoded(label: str) -> bool:
    """Would nobody choose it? Of a label of several words those count that nobody would: long names of words have many
    letters, too. A UUID is how devices and the like are called (RFC 9562 section 4)."""
    if len(label) < LABEL or not label.isascii() or UUID.fullmatch(label):
        return len(label) >= LABEL and not label.isascii()
    made = "".join(word for word in WORDS.split(label) if reads_as_made(word) or HEX.issuperset(word))
    return len(made) >= LABEL and (entropy(made) >= NOISE or HEX.issuperset(made))


def entropy(text: str) -> float:
    """Bits a character, of how often each occurs."""
    counts = [text.count(each) for each in set(text)]
    return log2(len(text)) - fsum(n * log2(n) for n in counts) / len(text) if text else 0.0
