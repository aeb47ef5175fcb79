"""The terminal. run() is the only way in; everything heavy is imported by it, so that `import netwatch.ui` is cheap."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwatch.filter import Filter
    from netwatch.model.contract import Values
    from netwatch.store.settings import Settings
    from netwatch.ui.poller import Watch
    from netwatch.ui.state import State

REFRESH_MS = (100, 5000)


def run(session: Watch, *, where: str = "", refresh_ms: int = 1000, theme: str = "dark", color: bool = True,
        ascii_only: bool = False, view: str = "full", tab: str | None = None,
        settings: Settings | None = None) -> int:
    """Start the session, show it until the user leaves, stop it. Returns the exit code of CONTRACT section 2.

    ValueError for a theme, view, tab or filter that does not exist. What session.start() raises is passed on; the
    terminal has not been touched by then.
    """
    import gc
    import os
    import sys

    from netwatch.addons import preferences
    from netwatch.addons.insights import Insights
    from netwatch.store import crash, files
    from netwatch.ui import app as brain
    from netwatch.ui import format as fmt
    from netwatch.ui import privacy, term
    from netwatch.ui.poller import Poller
    from netwatch.ui.state import Look
    from netwatch.ui.themes import THEMES

    if theme not in THEMES:
        raise ValueError(f"no theme {theme!r}: there is {', '.join(THEMES)}")
    try:
        term.prepare()
    except term.NoTerminal as error:
        print(f"netwatch: {error}", file=sys.stderr)
        return 69
    from netwatch.ui import shell

    bell = shell.Bell()
    interval = min(max(refresh_ms, REFRESH_MS[0]), REFRESH_MS[1]) / 1000
    watch = privacy.watched(session, settings)
    poller = Poller(watch, interval, bell.ring, Insights())
    poller.on_crash = crash.write_report
    ui = brain.App(session.label, session.live, poller.ask, privacy.parsing(watch, _parse), tab,
                   ascii_only or not term.shows_unicode(), where, view, poller.do)
    ui.state.clipboard = term.copy
    ui.state.settings = chosen = settings or ui.state.settings
    ui.state.look = Look(theme, chosen.colors, color and not os.environ.get("NO_COLOR"))
    _remember(ui.state, chosen)
    privacy.begin(ui.state, watch)
    fmt.show_utc(chosen.of("ui.utc"))
    fmt.use_bits(chosen.of("ui.units") == "bits")
    if chosen.of("ui.welcome") and not files.is_there(preferences.welcome_path()):
        ui.welcome()
    ui.state.set_interval = poller.set_interval
    session.start()
    ui.state.offers = session.offers
    gc.freeze()                        # what is there by now stays; looking it through takes 20 ms, and a key waits
    try:
        return shell.run(ui, poller, bell, ui.state.look.color)
    except Exception as error:
        _say_why(error, crash.write_report(error))
        return 70
    finally:
        session.stop()


def _remember(state: State, chosen: Values) -> None:
    """What was kept of other runs."""
    from netwatch.addons import preferences
    from netwatch.ui.popups import columns

    state.filter.history = preferences.load_filters(chosen.of("ui.filter_history"))
    state.table.saved = preferences.load_columns()
    columns.use(state, chosen.of("ui.columns"))
    state.message = ""


def _say_why(error: Exception, path: str | None) -> None:
    import sys

    print(f"netwatch: internal error: {type(error).__name__}: {error}", file=sys.stderr)
    print(f"netwatch: {'details are in ' + path if path else 'no crash report could be written'}", file=sys.stderr)


def _parse(text: str) -> Filter:
    """The filter language, loaded when the first filter is typed."""
    from netwatch import filter as language
    return language.Filter(text).of_rows()
