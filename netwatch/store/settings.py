"""What can be set, by dotted key: type, default and help; how a text becomes a value.

What is ours stands below, one line each; what addons bring is looked up when it is asked for. Nothing is read or
written here (config.py reads the file). A value knows where it came from: the default, a line of the file, the
environment, --set. An unknown key is an error that names the nearest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netwatch._fast.dpi import timeouts as app_timeouts
from netwatch._fast.flow.timeouts import TIMEOUTS
from netwatch.model.option import NOW, Option, Value

THEMES = ("dark", "terminal", "solarized", "dracula", "nord", "gruvbox", "catppuccin", "tokyo-night", "ocean", "paper")
TABS = ("dashboard", "connections", "interfaces", "packets", "stats", "topology", "timeline", "processes", "insights",
        "egress")              # in the order of the digits 1 to 9 and 0; behind them those that have none
COLORS = ("text", "muted", "faint", "title", "head", "accent", "good", "warn", "bad", "process", "address", "name",
          "paper", "selected")
WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
PREFIX = "NETWATCH_"
OTHERS = frozenset({"NETWATCH_KEY", "NETWATCH_PAGER", "NETWATCH_GEOIP"})  # variables that are no settings
DEFAULT = "default"  # origin of what nobody set
ONCE = {"capture.ring_mb": 4_096}  # numbers that earlier versions took: more than the highest is the highest
COLOR = re.compile(r"(?:#[0-9a-fA-F]{6}|1?\d?\d|2[0-4]\d|25[0-5])?")


class SettingError(ValueError):
    """A setting that does not exist, or a value it cannot have; one line."""


class Setting(Option):
    """An option by its dotted key, which is its `name`."""

    @property
    def key(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """What it takes, in words."""
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, int):
            return f"a whole number from {self.low} to {self.high}"
        if self.color:
            return '#rrggbb, a number of the palette (0 to 255), or "" for the theme\'s own'
        words = [each or '""' for each in self.choices]
        return f"one of {', '.join(words)}" if words else "a text"

    def accept(self, value: object) -> Value:
        """The value if it may have it. Raises SettingError."""
        if (self.color or self.also) and type(value) is int:
            value = str(value)
        if self.choices and isinstance(value, str):
            value = self.also.get(value, value.lower())
        fits = type(value) is type(self.default)
        if fits and type(value) is int:
            fits = self.low <= value <= self.high
        elif fits and isinstance(value, str):
            shaped = COLOR.fullmatch(value) if self.color else value.isprintable() and len(value) <= 1000
            fits = bool(shaped) and (not self.choices or value in self.choices)
        if not fits:
            raise SettingError(f"{self.key} is {self.kind}")
        if self.form is not None and isinstance(value, str):
            try:
                self.form(value)
            except ValueError as e:
                raise SettingError(f"{self.key}: {e}") from None
        assert isinstance(value, int | str)
        return value

    def meant(self, text: str) -> object:
        """What a text stands for; accept() tells whether the setting may have it."""
        text = text.strip()
        if isinstance(self.default, bool):
            return WORDS.get(text.lower(), text)
        if isinstance(self.default, int):
            return int(text) if re.fullmatch(r"\d{1,12}", text) else text
        return text

    def parse(self, text: str) -> Value:
        """The value of a text. Raises SettingError."""
        return self.accept(self.meant(text))

    def shown(self, value: Value) -> str:
        """The value as a text that parse() takes."""
        return str(value).lower() if isinstance(value, bool) else str(value)


_TABLE = (
    Setting("ui.theme", "dark", "Colours; `netwatch --theme list` tells of each.", choices=THEMES, applies=NOW),
    Setting("ui.color", True, "Colours at all; NO_COLOR in the environment switches them off too.",
            applies=NOW),
    Setting("ui.ascii", False, "Only ASCII in frames, marks and graphs.", applies=NOW),
    Setting("ui.refresh_ms", 1000, "Milliseconds between two looks at the engine.", 100, 5000, applies=NOW),
    Setting("ui.view", "full", "The view to begin with.", choices=("full", "lite", "dense")),
    Setting("ui.tab", "", "The tab to begin with, by name or digit; empty for the first.", choices=("", *TABS),
            also=dict(zip("1234567890", TABS, strict=False))),
    Setting("ui.columns", "usual", "The columns to begin with: usual, health, names, owners, volume, or a profile of "
            "your own."),
    Setting("ui.palette", False, "Change entries of the terminal's palette, for a theme's exact colours."),
    Setting("ui.utc", False, "Times of day in UTC rather than the system's own zone.", applies=NOW),
    Setting("ui.units", "bytes", "Rates in bytes or in bits per second.", choices=("bytes", "bits"), applies=NOW),
    Setting("ui.privacy", False, "Privacy mode: tokens in place of addresses, names and MACs, the same by the same.",
            applies=NOW),
    Setting("ui.welcome", True, "Say on the first start what the tabs and the keys are."),
    Setting("ui.confirm_quit", False, "Leave only when q is pressed twice; Ctrl-C leaves at once.", applies=NOW),
    Setting("ui.localhost", True, "Show flows of the loopback addresses."),
    Setting("ui.ring_mb", 8, "The terminal's ring in place of capture.ring_mb, in MiB: what comes is taken from it at "
            "once, and waits in another; where only that one is set, that holds.", 1, 1_024),
    Setting("ui.filter_history", 200, "Filters remembered from one run to the next; 0 keeps none.", 0, 1000,
            applies=NOW),
    *(Setting(f"theme.{name}", "", f"Colour of the {name} {'background' if name in COLORS[-2:] else 'ink'} in place of "
              "the theme's own.", applies=NOW, color=True) for name in COLORS),
    Setting("flows.max", 2_000_000, "Flows kept at a time; beyond that the longest idle goes.", 1_000, 100_000_000),
    Setting("flows.history", 100_000, "Ended flows kept.", 0, 10_000_000),
    Setting("flows.copies", "mark", "Packets captured twice: counted like any other, counted as copies, or not shown.",
            choices=("keep", "mark", "drop")),
    Setting("flows.vlan", "pair", "VLAN tags: a flow may have others in its other direction; never; or say nothing.",
            choices=("pair", "key", "ignore")),
    Setting("capture.ring_mb", 64, "The kernel's ring for captured frames, in MiB.", 1, 1_024),
    Setting("capture.hold_mb", 256, "Memory for frames that `record` and `read --write` hold until their flow is "
            "known, MiB.", 8, 65_536),
    Setting("capture.snaplen", 262_144, "Bytes kept of each frame.", 64, 262_144),
    Setting("capture.promiscuous", False, "Also take frames that are for other machines."),
    Setting("sandbox.mode", "on", "Give up all rights before reading: as far as can be, or wholly or not at all.",
            choices=("off", "on", "strict")),
    Setting("agent.ring_mb", 8, "The agent's ring in place of capture.ring_mb, in MiB, as an agent is to be small; "
            "where only that one is set, that holds.", 1, 1_024),
    Setting("agent.what", "flows,dns,http,tls,alerts,findings", "Records that the agent logs and sends."),
    Setting("agent.where", "", "A filter: only records that pass are logged and sent; alerts and findings "
            "always are."),
    Setting("agent.every_s", 1, "Seconds between two snapshots.", 1, 3_600),
    Setting("agent.top", 20, "Flows and processes that a snapshot names.", 0, 1_000),
    Setting("agent.metrics", "", "HOST:PORT where /metrics and /healthz are served, such as 127.0.0.1:9464."),
    Setting("agent.log", "", "File of the event log, JSON lines."),
    Setting("agent.log_mb", 100, "Megabytes at which the event log is rotated.", 1, 1_000_000),
    Setting("agent.log_keep", 5, "Rotated event logs that are kept.", 0, 1_000),
    Setting("agent.syslog", "", "udp://HOST:PORT, tcp://, tls:// or unix:PATH: records as RFC 5424."),
    Setting("agent.ipfix", "", "udp://HOST:PORT, tcp:// or tls://: flows that are over, as RFC 7011."),
    Setting("agent.otlp", "", "http(s)://HOST:PORT of an OpenTelemetry collector."),
    Setting("agent.push", "", "http(s)://HOST/...: snapshots are posted there."),
    Setting("agent.push_every_s", 15, "Seconds between two of them.", 1, 86_400),
    Setting("agent.queue_mb", 50, "Megabytes of snapshots that wait on disk while they cannot be posted.", 1, 100_000),
    Setting("agent.key_file", "", "File of the bearer key for push and OTLP; else $NETWATCH_KEY has it."),
    Setting("agent.ca", "", "File of certificates to trust; empty: the system's."),
    *(Setting(f"timeouts.{name}", seconds, f"Seconds without a packet after which a flow is over: {name}.", 1,
              4_000_000, applies=NOW) for name, seconds in (TIMEOUTS | app_timeouts()).items()),
)
OptionsOf = Callable[[str], Sequence[Option]]


class Catalogue(Mapping[str, Setting]):
    """All there is to set. The tables of addons are looked into when a key of theirs is asked for, all of them when the
    keys are counted through."""

    def __init__(self, ours: Iterable[Setting]) -> None:
        self._found = {each.key: each for each in ours}
        self._unopened: dict[str, OptionsOf] = {}

    def join(self, tables: Iterable[str], options_of: OptionsOf) -> None:
        """These tables are of addons; `options_of` gives the options of one."""
        self._unopened |= dict.fromkeys(tables, options_of)

    def tables(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self._unopened).union(key.partition(".")[0] for key in self._found)

    def __getitem__(self, key: str) -> Setting:
        if key not in self._found:
            self._open(key.partition(".")[0])
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        for table in tuple(self._unopened):
            self._open(table)
        return iter(self._found)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _open(self, table: str) -> None:
        options_of = self._unopened.pop(table, None)
        for option in options_of(table) if options_of else ():
            key = f"{table}.{option.name}"
            self._found[key] = Setting(key, option.default, option.help, option.low, option.high, option.choices,
                                       option.applies, option.form)


SETTINGS = Catalogue(_TABLE)


class Settings(NamedTuple):
    """Values that differ from their defaults, and the origin of each that was set; `path` is the file in use, `lists`
    are those that filters may name, `notes` say what was taken otherwise than it was given."""

    changed: Mapping[str, Value]
    origins: Mapping[str, str] = {}
    path: str = ""
    lists: Mapping[str, tuple[str, ...]] = {}
    notes: tuple[str, ...] = ()

    def of(self, key: str) -> Any:     # Any: of its option's type, which no key tells
        """The value, of its setting's type."""
        return self.changed[key] if key in self.changed else SETTINGS[key].default

    def origin(self, key: str) -> str:
        """Where its value comes from: "default", FILE:LINE, the name of a variable, --set."""
        return self.origins.get(key, DEFAULT)

    def ring_mb(self, of: str) -> int:
        """The kernel's ring for what has one of its own, "agent" or "ui": that, unless only that of all captures was
        set. MiB."""
        unset = self.origin(f"{of}.ring_mb") == DEFAULT != self.origin("capture.ring_mb")
        return int(self.of("capture.ring_mb" if unset else f"{of}.ring_mb"))

    def but(self, key: str, value: Value, origin: str) -> Settings:
        """The same with another value."""
        return self._replace(changed={**self.changed, key: value}, origins={**self.origins, key: origin})

    def given(self, key: str, value: object, origin: str) -> Settings:
        """The same with what somebody gave. Raises SettingError."""
        setting = find(key)
        if type(value) is int and setting.high < value <= ONCE.get(key, 0):
            note = f"{origin}: {key} is {setting.high:,}, the most that it can be, not {value:,}"
            return self.but(key, setting.high, origin)._replace(notes=(*self.notes, note))
        return self.but(key, setting.accept(value), origin)

    @property
    def timeouts(self) -> dict[str, int]:
        """Changed idle timeouts in seconds, by the names the engine knows."""
        return {k.removeprefix("timeouts."): int(v) for k, v in self.changed.items()
                if k.startswith("timeouts.") and v != SETTINGS[k].default}

    @property
    def colors(self) -> dict[str, str]:
        """The user's own colours, by ink."""
        return {name: str(text) for name in COLORS if (text := self.of(f"theme.{name}"))}


def find(key: str) -> Setting:
    """The setting of that key. Raises SettingError that names the nearest."""
    if key in SETTINGS:
        return SETTINGS[key]
    import difflib

    near = difflib.get_close_matches(key, SETTINGS, 1, 0.4)
    raise SettingError(f"no setting is called {key!r}" + (f"; did you mean {near[0]}?" if near else ""))


def variable(key: str) -> str:
    """The environment's name of a setting: NETWATCH_UI_THEME."""
    return PREFIX + key.upper().replace(".", "_").replace("-", "_")


def from_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """With what the environment sets; see strangers() for its other variables. Raises SettingError."""
    named = {name for name in environment if name.startswith(PREFIX)}
    tables = {table for table in SETTINGS.tables() if any(name.startswith(variable(table) + "_") for name in named)}
    for key in SETTINGS if tables else ():
        name = variable(key)
        if name in named:
            try:
                settings = settings.given(key, SETTINGS[key].meant(environment[name]), name)
            except SettingError as e:
                raise SettingError(f"{name}={environment[name]}: {e}") from None
    return settings


def strangers(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Variables of the environment that are called as settings are, and are none: (name, that of the setting most like
    it). Those of other programs that begin so as well are not ours to judge."""
    named = [name for name in environment if name.startswith(PREFIX)]
    if not named:
        return []
    import difflib

    known = {variable(key): key for key in SETTINGS}
    tables = tuple(variable(table) + "_" for table in SETTINGS.tables())
    found = []
    for name in sorted(set(named) - known.keys() - OTHERS):
        near = difflib.get_close_matches(name, known, 1, 0.6 if name.startswith(tables) else 0.85)
        if near:
            found.append((name, near[0]))
    return found


def parse_settings(texts: Iterable[str], settings: Settings | None = None) -> Settings:
    """With what texts such as `timeouts.udp=30` set. Raises SettingError."""
    settings = settings or Settings({})
    for text in texts:
        key, equals, value = text.partition("=")
        try:
            setting = find(key)
            if not equals:
                raise SettingError(f"{key} is {setting.kind}")
            settings = settings.given(key, setting.meant(value), "--set")
        except SettingError as e:
            raise SettingError(f"--set {text}: {e}") from None
    return settings
