"""Pictures of the real screens for the README: the program's own canvas, drawn as SVG in the colours of its theme.

    python tools/make_pictures.py          writes docs/pictures/*.svg

Each scene is a capture, keys as a user would press them, and a theme. Nothing is drawn by hand.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from netwatch._fast.term.canvas import text_width  # noqa: E402
from netwatch.ui import theme, themes  # noqa: E402
from netwatch.ui.tabs import TABS  # noqa: E402
from netwatch.ui.views import VIEWS  # noqa: E402
from tests.ui.driver import Driver  # noqa: E402
from tests.ui.replayed import Replayed  # noqa: E402

CELL, LINE, SIZE = 7.8, 17, 13     # pixels
BLANK = "\u00a0"                   # blanks at the ends of a text are not drawn, nor counted
FONTS = "'DejaVu Sans Mono',Menlo,Consolas,monospace"


TOUR = "../../docs/tour.pcap"      # from tests/captures


@dataclass(frozen=True)
class Scene:
    """`keys` by name; `=text` is typed letter by letter."""
    name: str
    capture: str
    keys: tuple[str, ...]
    theme: str = "ocean"
    cols: int = 120
    rows: int = 34


SCENES = (
    *(Scene(tab.name, TOUR, (tab.key,)) for tab in TABS),
    *(Scene(f"view-{view.name}", TOUR, ("V",) * number, cols=132, rows=44)
      for number, view in enumerate(VIEWS) if number),
    Scene("details", TOUR, ("2", "j", "enter"), "tokyo-night", 160, 34),
    Scene("filter", TOUR, ("2", "/", "=tls.", "tab"), "gruvbox"),
    Scene("settings", TOUR, ("2", ",", "down", "down"), "nord"),
    Scene("palette", TOUR, ("2", ":", "=theme"), "catppuccin"),
    Scene("paper", TOUR, ("2",), "paper"),
)


def shown(scene: Scene) -> Driver:
    """The screen after the scene's keys."""
    session = Replayed(scene.capture)
    session.label = Path(scene.capture).name
    try:
        driver = Driver(session, scene.cols, scene.rows, do=lambda command: command.run(session))
        driver.state.settings = driver.state.settings._replace(path="~/.config/netwatch/netwatch.toml")
        for key in scene.keys:
            driver.type(key[1:]) if key.startswith("=") else driver.keys(key)
        for _ in range(3):
            driver.step()
        time.sleep(0.05)
        driver.canvas.invalidate()
        driver.app.draw(driver.canvas)
        return driver
    finally:
        session.stop()


def colors(style: int, chosen: themes.Theme) -> tuple[int, int | None, bool]:
    """(ink, paper or None for the screen's own, bold) of a style."""
    role = theme.ROLES.get(style & 63, theme.ROLES[theme.TEXT])
    selected = bool(style & theme.SELECTED)
    ink = themes.ink_on(chosen, role.ink, selected)
    paper = chosen.selected if selected else None
    if role.reverse or style & theme.REVERSE:
        ink, paper = chosen.ground, ink
    return ink, paper, role.bold or bool(style & theme.BOLD)


def runs(canvas: Any) -> Iterator[tuple[int, int, str, int]]:
    """(row, column, text, style), without the blanks that need no ink."""
    for y, x, text, style in canvas.changes():
        plain = not style & (theme.SELECTED | theme.REVERSE | theme.UNDERLINE) and not theme.ROLES[style & 63].reverse
        if plain:
            lead = len(text) - len(text.lstrip(" "))
            x, text = x + lead, text.strip(" ")
        if text:
            yield y, x, text, style


def svg(scene: Scene, canvas: Any) -> str:
    """The picture."""
    chosen = themes.THEMES[scene.theme]
    width, height = scene.cols * CELL + 16, scene.rows * LINE + 16
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="{FONTS}" '
             f'font-size="{SIZE}">',
             f"<title>netwatch, {escape(scene.name)}</title>",
             f'<rect width="100%" height="100%" rx="6" fill="#{chosen.ground:06x}"/>']
    for y, x, text, style in runs(canvas):
        ink, paper, bold = colors(style, chosen)
        left, top = 8 + x * CELL, 8 + y * LINE
        # every cell has its place, whatever the width of the font's letters
        wide = text_width(text) * CELL
        if paper is not None:
            parts.append(f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{LINE}" fill="#{paper:06x}"/>')
        extra = ' font-weight="bold"' if bold else ""
        extra += ' text-decoration="underline"' if style & theme.UNDERLINE else ""
        if text.strip():
            parts.append(f'<text x="{left:.1f}" y="{top + 13}" textLength="{wide:.1f}" fill="#{ink:06x}"{extra}>'
                         f"{escape(text.replace(' ', BLANK))}</text>")
    return "\n".join([*parts, "</svg>\n"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("names", nargs="*", help="only these scenes")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        if not options.names or scene.name in options.names:
            text = svg(scene, shown(scene).canvas)
            (options.to / f"{scene.name}.svg").write_text(text)
            print(f"{scene.name}.svg, {len(text) // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
