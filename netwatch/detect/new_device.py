"""New devices: a station whose MAC was not met while netwatch got to know the network."""

from __future__ import annotations

from collections.abc import Sequence

from netwatch.detect.contract import INFO, LINK, SECOND, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Gathered, begun
from netwatch.model.option import Option

DEVICES = 8192  # remembered


class NewDevice(Detector):
    name = "new_device"
    about = "Tell of stations that were not met before."
    options = (
        Option("learn_s", 3600, "Seconds from the first station in which all are taken to be known.", 0, 604_800),
    )
    wants = frozenset({LINK})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._known: Bounded[str, None] = Bounded(DEVICES)
        self._learn, self._since = of("learn_s") * SECOND, 0
        return super().begin(of, alarm)

    def take(self, notice: Notice) -> None:
        _, _, address, mac = notice.more
        self._since = self._since or notice.time_ns
        if mac in self._known:
            self._known.move_to_end(mac)
            return
        self._known[mac] = None
        if notice.time_ns > self._since + self._learn:
            self.alarm(self, notice, (mac, address), begun(notice))

    def describe(self, about: tuple[str, str | None], episode: Gathered) -> Told:
        mac, address = about
        return Told(INFO, "New device", f"{mac} was not met before{f', it says it is {address}' if address else ''}",
                    {"mac": mac}, {"src": address or mac})
