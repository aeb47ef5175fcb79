"""The thresholds of all rules, in one table: [diagnose.thresholds] of the configuration."""

from __future__ import annotations

from netwatch.diagnose.contract import Threshold
from netwatch.model.option import Option

THRESHOLDS = (
    Option("learn", 30, "Samples of a server, host or resolver until what is usual for it is known.", 5, 10000),
    Option("sigmas", 4, "How far beyond its usual mean a time is too long, in standard deviations.", 2, 20),
    Option("window_s", 60, "Seconds within which enough must go wrong.", 5, 3600),
    Option("calm_s", 60, "Seconds with traffic and without trouble after which a finding is closed.", 5, 3600),
    Option("stale_s", 120, "Seconds without any sample after which an open finding is stale.", 5, 86400),
    Option("expire_s", 3600, "... and after which it is expired: told, but watched no more.", 60, 604_800),
    Option("server_ms", 1000, "An answer takes too long, beyond the round trip, while nothing is known.", 1, 60000),
    Option("server_least_ms", 200, "... and never below, whatever is usual.", 1, 60000),
    Option("server_share", 30, "Percent of a server's answers that are too slow.", 1, 100),
    Option("handshake_ms", 500, "A TCP handshake takes too long, while nothing is known.", 1, 60000),
    Option("handshake_least_ms", 100, "... and never below, whatever is usual.", 1, 60000),
    Option("handshake_share", 30, "Percent of a host's handshakes that are too slow.", 1, 100),
    Option("dns_ms", 300, "A DNS answer takes too long, while nothing is known.", 1, 60000),
    Option("dns_least_ms", 100, "... and never below, whatever is usual.", 1, 60000),
    Option("dns_share", 20, "Percent of a resolver's answers that are late or missing, or failures.", 1, 100),
    Option("dns_times", 3, "... and how many at least.", 1, 10000),
    Option("loss_percent", 2, "Segments sent again, in percent of the packets that went the same way.", 1, 100),
    Option("loss_times", 10, "... and how many at least.", 1, 100000),
    Option("window_ms", 500, "How long a receive window stays shut.", 200, 60000),
    Option("refused", 3, "Connections to a port that are refused.", 1, 10000),
    Option("silent", 3, "Connections to a port that are never answered.", 1, 10000),
    Option("half_open", 100, "Handshakes with a port that their initiator leaves half done.", 10, 100000),
    Option("names", 3, "How often a name is asked for that does not exist.", 1, 10000),
    Option("tls", 1, "TLS handshakes with a port that end in a fatal alert.", 1, 10000),
)
SIGMA_FLOORS = {"reply": 50.0, "shake": 20.0, "resolver": 20.0}  # ms: what is steadier than this is no reason to worry
Limits = dict[str, tuple[float, float, float, float]]


def limits(of: Threshold) -> Limits:
    """What is too long, by metric, as Tallies wants it: while nothing is known, never below, sigmas, least sigma."""
    words = {"reply": "server", "shake": "handshake", "resolver": "dns"}
    return {metric: (float(of(f"{word}_ms")), float(of(f"{word}_least_ms")), float(of("sigmas")),
                     SIGMA_FLOORS[metric]) for metric, word in words.items()}
