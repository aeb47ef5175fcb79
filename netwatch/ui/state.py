"""All the terminal remembers about itself. Drawing reads it and changes nothing; handlers of keys change it."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from netwatch.model.contract import Offer
from netwatch.model.group import Within
from netwatch.model.record import Record
from netwatch.store.settings import Settings
from netwatch.ui.poller import Health, Request, Snapshot
from netwatch.ui.theme import UNICODE, Glyphs

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Command
    from netwatch.ui.completion import Offer as Completion
    from netwatch.ui.form import Answers, Form
    from netwatch.ui.tabs import Tab

Part = TypeVar("Part")
USUAL = "usual"
WELCOME = "welcome"                # the card of the first start
# what is shown of the past; the others tell of more than the table of flows
OF_THE_PAST = ("dashboard", "connections", "stats", "topology", "processes", "egress")
DATED = ("packets", "timeline", "interfaces", "insights")  # likewise, of the run that goes on: what is not in that
WINDOW = 400                       # rows fetched at least: a selected flow that moves less than that is followed


class Step(NamedTuple):
    """Where one was before going into what a row counted; see drill.py."""
    tab: str
    text: str
    applied: Filter | None
    within: Within | None
    history: bool


class Area(NamedTuple):
    """A rectangle of cells."""
    y: int
    x: int
    height: int
    width: int

    def holds(self, y: int, x: int) -> bool:
        """Does the cell lie in it?"""
        return self.y <= y < self.y + self.height and self.x <= x < self.x + self.width


@dataclass
class Line:
    """A line being edited: its text and the cursor, counted in characters."""
    text: str = ""
    cursor: int = 0

    def insert(self, character: str, limit: int = 400) -> None:
        if len(self.text) < limit:
            self.text = self.text[:self.cursor] + character + self.text[self.cursor:]
            self.cursor += 1

    def move(self, to: int) -> None:
        self.cursor = max(0, min(len(self.text), to))

    def erase(self, start: int, end: int) -> None:
        """Take out the characters from `start` up to `end`."""
        start, end = max(0, start), min(len(self.text), end)
        self.text = self.text[:start] + self.text[end:]
        self.cursor = min(start, len(self.text))

    def word_start(self) -> int:
        """Where the word before the cursor begins."""
        return len(self.text[:self.cursor].rstrip()[:-1].rsplit(" ", 1)[0] + " ") if " " in \
            self.text[:self.cursor].rstrip() else 0


@dataclass(frozen=True)
class Look:
    """The colours in use: a theme of themes.THEMES, the user's own in place of some of its inks and papers, and whether
    there are any at all."""
    theme: str = "dark"
    colors: Mapping[str, str] = field(default_factory=dict)
    color: bool = True


@dataclass
class FilterState:
    """`applied` is in force; `line` is what is typed, `error` what is wrong with it and `column` where (from 0)."""
    editing: bool = False
    line: Line = field(default_factory=Line)
    applied_text: str = ""
    applied: Filter | None = None
    before: tuple[str, Filter | None] = ("", None)
    error: str = ""
    column: int | None = None
    history: list[str] = field(default_factory=list)
    place: int = 0                   # in the history; len(history) is the line being typed
    since: float = 0.0               # when `applied` last changed, monotonic seconds
    rows: list[Record] = field(default_factory=list)   # on screen when the line was opened: values are offered
    offers: list[Completion] = field(default_factory=list)    # while they are listed
    offered: int = -1                # the one that has been taken, -1 none yet
    word: int = 0                    # where the word they are for begins


@dataclass
class TableState:
    """Where the table is: its order, the first row on screen, and the selected flow, by id and not by row."""
    sort: str = "bytes"
    descending: bool = True
    sort_before: tuple[str, bool] = ("bytes", True)     # when the worst are shown first
    history: bool = False
    top: int = 0                     # index, in the whole order, of the first row on screen
    cursor: int = 0                  # index of the selected row when last seen
    selected: int | None = None      # id of the selected flow
    record: Record | None = None   # the selected flow as last seen
    pinned: bool = False             # the user chose it: the screen follows it
    window: tuple[int, int] = (0, 0)     # index of the first row asked for, and how many
    has_process: bool = False
    profile: str = USUAL             # the name of the columns, see tabs/connections/columns.py
    columns: list[str] = field(default_factory=list)    # fields, in the order of the screen
    columns_by_hand: bool = False    # they are shown although there may be nothing in them
    saved: dict[str, tuple[str, ...]] = field(default_factory=dict)     # profiles of the user's own


@dataclass
class State:
    """Everything on the screen follows from this."""
    label: str = ""
    live: bool = True
    glyphs: Glyphs = UNICODE
    look: Look = field(default_factory=Look)
    settings: Settings = field(default_factory=lambda: Settings({}))
    set_interval: Callable[[float], None] = lambda seconds: None     # between two looks at the session
    tab: str = "connections"
    tabs: tuple[Tab, ...] = ()
    snapshot: Snapshot = field(default_factory=Snapshot)
    health: Health | None = None
    body: Area = field(default_factory=lambda: Area(0, 0, 0, 0))
    table: TableState = field(default_factory=TableState)
    filter: FilterState = field(default_factory=FilterState)
    parse: Callable[[str], Filter | None] = lambda text: None
    order: Callable[[str, bool], tuple[str, bool]] = lambda column, descending: (column, descending)
    at: int | None = None            # the moment that is looked at, ns of packet time; None: now. See timemode.py
    paused: bool = False
    paused_packets: int = 0
    within: Within | None = None     # only the flows that a row of a sum counted
    steps: list[Step] = field(default_factory=list)     # the way back, see drill.py
    details: bool = False
    details_top: int = 0
    details_whole: bool = False         # with the fields of which nothing is known
    details_field: int | None = None    # the value that is marked for copying
    overlay: str = ""                # "": none; else one of popups.POPUPS, or the tab's own
    parts: dict[str, object] = field(default_factory=dict)    # what each tab, view and popup remembers, by its name
    inner: Callable[[State], tuple[str, ...]] | None = None    # where keys go inside this tab
    sorting: Callable[[State], object] | None = None          # popups.sort.Sorting of the table on screen
    go: Callable[[str], None] = lambda name: None          # to another tab
    act: Callable[[str], None] = lambda action: None       # what a key of that action does
    do: Callable[[Command], None] = lambda command: None   # have the session do something
    view: str = "full"
    sort_row: int = 0
    help_top: int = 0
    message: str = ""
    failed: dict[str, str] = field(default_factory=dict)   # tab: what went wrong
    clipboard: Callable[[str], bool] = lambda text: False
    hide: Callable[[str], str] = lambda text: text         # of words that somebody typed: as privacy mode shows them
    reveal: Callable[[str], str] = lambda text: text       # what a text stands for that privacy mode shows
    use_privacy: Callable[[bool], None] = lambda on: None   # switch it, with all that is on screen
    ask_form: Callable[[Form], Answers | None] = lambda form: None      # has it filled in; None when it was left
    filling: Form | None = None    # the form that lies over everything
    offers: Sequence[Offer] = ()   # commands that addons bring

    def part(self, name: str, kind: type[Part]) -> Part:
        """What the tab, view or popup of that name remembers; it begins as `kind` does."""
        found = self.parts.get(name)
        if not isinstance(found, kind):
            found = self.parts[name] = kind()
        return found

    def contexts(self) -> tuple[str, ...]:
        """Where keys go, innermost first."""
        if self.overlay == WELCOME:                        # any key goes on
            return (WELCOME, *self.screen_contexts())
        if self.overlay:
            return (self.overlay,)
        if self.filter.editing and self.tab not in self.failed:
            return ("filter",)
        return self.screen_contexts()

    def screen_contexts(self) -> tuple[str, ...]:
        """Where keys go when nothing lies over the screen and no line is being typed."""
        if self.at is None:
            return self._at_rest()
        return ("past", *(self._at_rest() if self.as_it_was else ("global",)))

    @property
    def as_it_was(self) -> bool:
        """Can what fills the screen be shown as it was in the past?"""
        shown = self.snapshot.moment
        dated = DATED if shown is None or not shown.earlier else ()
        return self.view == "lite" or (self.view == "full" and self.tab in (*OF_THE_PAST, *dated))

    def _at_rest(self) -> tuple[str, ...]:
        """The same but for time mode."""
        behind = ("live", "global") if self.live else ("replay", "global")
        if self.tab in self.failed:
            return ("failed", *behind)
        if self.view != "full":
            return (self.view, *behind)
        inner = self.inner(self) if self.inner else ()
        return (*inner[:-1], *behind) if inner[-1:] == ("global",) else (*inner, self.tab, *behind)

    def next_request(self) -> Request:
        """What the poller should fetch for this screen. The window moves only when the screen leaves it."""
        sort, descending = self.order(self.table.sort, self.table.descending)
        rows = max(20, self.body.height)
        table = self.table
        start, size = table.window
        if size < 2 * rows or table.top < start or table.top + rows > start + size:
            table.window = (max(0, table.top - 2 * rows), max(WINDOW, 6 * rows))
        missing = table.selected is not None and not any(row["id"] == table.selected for row in self.snapshot.rows)
        return Request(
            where=self.filter.applied, sort=sort, descending=descending, offset=table.window[0],
            limit=table.window[1], history=table.history, within=self.within,
            flow=table.selected if self.details or missing else None, hold=self.paused, at=self.at)
