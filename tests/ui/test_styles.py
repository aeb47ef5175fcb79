"""The look of every tab and view in colour and without: golden maps of inks and of attributes, a letter for each cell.

NETWATCH_GOLDEN=1 writes them anew. In colour a letter stands for an ink, a capital for the selected row; without, b is
bold, d dim, u underlined, r reversed, capitals are what is bold too.
"""
import curses
import pathlib

import pytest
from golden_file import same_as_golden

from netwatch.ui.tabs import TABS
from netwatch.ui.theme import ROLES, SELECTED, TEXT, Painter
from netwatch.ui.views import VIEWS
from tests.ui.driver import Driver
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"
INKS = sorted({role.ink for role in ROLES.values()})
SIZES = {"dense": (140, 44)}
SCREENS = [*(tab.name for tab in TABS), *(view.name for view in VIEWS if view.module)]


@pytest.fixture(scope="module")
def session():
    one = Replayed("http.pcap")
    yield one
    one.stop()


def drawn(session, name):
    cols, rows = SIZES.get(name, (80, 24))
    where = {"view": name} if name in {view.name for view in VIEWS} else {"tab": name}
    driver = Driver(session, cols, rows, **where)
    driver.screen()
    return [[driver.canvas.style_at(y, x) for x in range(cols)] for y in range(rows)], str(driver.canvas).splitlines()


def ink(style):
    letter = chr(ord("a") + INKS.index(ROLES.get(style & 63, ROLES[TEXT]).ink))
    return letter.upper() if style & SELECTED else letter


def mark(attribute):
    for bit, letter in ((curses.A_REVERSE, "r"), (curses.A_UNDERLINE, "u"), (curses.A_DIM, "d")):
        if attribute & bit:
            return letter.upper() if attribute & curses.A_BOLD else letter
    return "b" if attribute & curses.A_BOLD else "."


def compare(path, lines):
    text = "\n".join("".join(line).rstrip() for line in lines) + "\n"
    same_as_golden(path, text)


@pytest.mark.parametrize("name", SCREENS)
def test_in_colour(session, name):
    styles, words = drawn(session, name)
    compare(GOLDEN / f"styles-{name}-colour.txt",
            [[ink(style) if x < len(words[y]) and words[y][x] != " " else " " for x, style in enumerate(row)]
             for y, row in enumerate(styles)])


@pytest.mark.parametrize("name", SCREENS)
def test_without_colour(session, name):
    """What is selected, sorted by or in alarm must stand out by attributes alone."""
    painter = Painter("dark", color=False)
    assert painter.depth == 0
    styles, _ = drawn(session, name)
    attributes = [[mark(painter.attribute(style)) for style in row] for row in styles]
    compare(GOLDEN / f"styles-{name}-mono.txt", attributes)
    for row, marks in zip(styles, attributes, strict=True):
        assert all(letter in "rR" for style, letter in zip(row, marks, strict=True) if style & SELECTED)
