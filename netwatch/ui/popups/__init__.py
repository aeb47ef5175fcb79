"""What lies over a tab: one line each. A popup's module has draw(canvas, area, state) and ACTIONS, as a tab's has.

Its name is also the context of its keys. type_character(state, character) gets what no key claims, on_open(state) is
called when it is opened, on_mouse(state, what, y, x) for clicks; without it a click outside of where(state) closes it.
"""
from __future__ import annotations

POPUPS = {
    "alert": "netwatch.ui.popups.alert",
    "columns": "netwatch.ui.popups.columns",
    "explain": "netwatch.ui.popups.explain",
    "help": "netwatch.ui.popups.help",
    "memory": "netwatch.ui.popups.memory",
    "palette": "netwatch.ui.popups.palette",
    "seek": "netwatch.ui.popups.seek",
    "settings": "netwatch.ui.popups.settings",
    "sort": "netwatch.ui.popups.sort",
    "trace": "netwatch.ui.popups.trace",
    "welcome": "netwatch.ui.popups.welcome",
    "whois": "netwatch.ui.popups.whois",
}
