"""The terminal's cell buffer: draw text into cells, then ask which cells changed.

It knows nothing of curses or of colours: a style is a number the theme gives a meaning. It is the one place where text
becomes cells, so it is also the one place that keeps control characters from the terminal: whatever is not printable
is drawn as U+FFFD. Wide characters take two cells, up to two combining marks ride on the cell before them.
"""
import unicodedata

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.unicode cimport PyUnicode_FromKindAndData, PyUnicode_4BYTE_KIND
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

cdef enum:
    MAX_SIDE = 1000
    SEEN_REFUSED = 1       # values of KINDS: the kind of a code point, plus 1; 0 is "not looked up yet"
    SEEN_DROPPED = 2
    SEEN_MARK = 3
    SEEN_NARROW = 4
    SEEN_WIDE = 5
    REPLACEMENT = 0xFFFD

cdef uint8_t KINDS[0x110000]


cdef uint8_t look_up(uint32_t cp):
    """What a code point is to a terminal, from the Unicode tables of the interpreter (UAX 11 for width)."""
    cdef str ch
    if 0xFE00 <= cp <= 0xFE0F or 0xE0100 <= cp <= 0xE01EF:
        return SEEN_DROPPED          # variation selectors change the width in some terminals and not in others
    if 0x1160 <= cp <= 0x11FF or 0xD7B0 <= cp <= 0xD7FF:
        return SEEN_MARK             # Hangul vowels and finals join the syllable before them
    ch = chr(cp)
    category = unicodedata.category(ch)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return SEEN_REFUSED
    if category in ("Mn", "Me"):
        return SEEN_MARK
    return SEEN_WIDE if unicodedata.east_asian_width(ch) in ("W", "F") else SEEN_NARROW


cdef inline uint8_t kind_of(uint32_t cp):
    if 0x20 <= cp < 0x7F:
        return SEEN_NARROW
    if KINDS[cp] == 0:
        KINDS[cp] = look_up(cp)
    return KINDS[cp]


cdef inline int cells_of(uint8_t kind) noexcept nogil:
    if kind == SEEN_WIDE:
        return 2
    return 0 if kind == SEEN_MARK or kind == SEEN_DROPPED else 1


cdef inline bint sure_width(const Cell* cell) noexcept nogil:
    """Do all terminals agree on how far this cell moves the cursor? If not, the run of text ends after it."""
    if cell.width != 1 or cell.mark[0]:
        return False
    return cell.ch < 0x250 or 0x2010 <= cell.ch <= 0x28FF


cpdef int text_width(str text):
    """Cells that `text` takes."""
    cdef int total = 0
    cdef Py_UCS4 ch
    if text.isascii():
        return <int>len(text)
    for ch in text:
        total += cells_of(kind_of(ch))
    return total


cpdef str clip(str text, int cells, str ellipsis="\u2026"):
    """`text` cut to at most `cells` cells, with `ellipsis` (one cell) at the end when something is missing."""
    cdef int used = 0
    cdef int step
    cdef Py_ssize_t i, keep = 0
    if cells <= 0:
        return ""
    if text_width(text) <= cells:
        return text
    for i in range(len(text)):
        step = cells_of(kind_of(text[i]))
        if used + step > cells - 1:
            break
        used += step
        keep = i + 1
    return text[:keep] + ellipsis


def wrap(str text, int cells, int limit) -> list[str]:
    """`text` cut into at most `limit` lines of at most `cells` cells, at blanks where there are any."""
    lines = []
    cdef Py_ssize_t start = 0, i, blank
    cdef int used, step
    cells = max(2, cells)
    while start < len(text) and len(lines) < limit:
        used = 0
        blank = -1
        i = start
        while i < len(text):
            step = cells_of(kind_of(text[i]))
            if used + step > cells:
                break
            used += step
            if text[i] == " ":
                blank = i
            i += 1
        if i < len(text) and blank > start:
            i = blank + 1
        lines.append(text[start:i].rstrip(" "))
        start = i
    if start < len(text) and lines:
        lines[-1] = clip(lines[-1] + " " * cells, cells)
    return lines


cdef class Canvas:
    """`rows` by `cols` cells, at most 1000 each way. Drawing outside the canvas or the clip area does nothing."""

    def __cinit__(self, int rows, int cols, bint ascii_only=False):
        self.ascii_only = ascii_only
        self.resize(rows, cols)

    def __dealloc__(self):
        PyMem_Free(self.back)
        PyMem_Free(self.front)
        PyMem_Free(self.scratch)

    def resize(self, int rows, int cols):
        """A blank canvas of the new size; the terminal is taken to show nothing of it."""
        if not (1 <= rows <= MAX_SIDE and 1 <= cols <= MAX_SIDE):
            raise ValueError(f"a canvas of {rows} rows and {cols} columns")
        cdef Cell* back = <Cell*>PyMem_Calloc(rows * cols, sizeof(Cell))
        cdef Cell* front = <Cell*>PyMem_Calloc(rows * cols, sizeof(Cell))
        cdef uint32_t* scratch = <uint32_t*>PyMem_Calloc(cols * 3, sizeof(uint32_t))
        if back == NULL or front == NULL or scratch == NULL:
            PyMem_Free(back)
            PyMem_Free(front)
            PyMem_Free(scratch)
            raise MemoryError()
        PyMem_Free(self.back)
        PyMem_Free(self.front)
        PyMem_Free(self.scratch)
        self.back, self.front, self.scratch = back, front, scratch
        self.rows, self.cols = rows, cols
        self.unclip()
        self.clear()

    def clip_to(self, int y, int x, int height, int width):
        """Until unclip(), only these cells can be drawn: what a tab may touch."""
        self.top, self.left = max(0, y), max(0, x)
        self.bottom, self.right = min(self.rows, y + height), min(self.cols, x + width)

    def unclip(self):
        self.top, self.left, self.bottom, self.right = 0, 0, self.rows, self.cols

    def clear(self, int style=0):
        """Blank every cell."""
        cdef int i
        for i in range(self.rows * self.cols):
            self._blank(&self.back[i], style)

    def invalidate(self):
        """Forget what the terminal shows: the next changes() are the whole canvas."""
        memset(self.front, 0, self.rows * self.cols * sizeof(Cell))

    cdef void _blank(self, Cell* cell, uint16_t style) noexcept:
        memset(cell, 0, sizeof(Cell))
        cell.ch = 32
        cell.width = 1
        cell.style = style

    cdef void _set(self, int y, int x, uint32_t ch, int width, uint16_t style) noexcept:
        """Write one character; half a wide character that this leaves behind becomes a blank."""
        cdef Cell* row = &self.back[y * self.cols]
        cdef int last = x + width - 1
        if row[x].width == 0 and x > 0:
            self._blank(&row[x - 1], row[x - 1].style)
        if row[last].width == 2 and last + 1 < self.cols:
            self._blank(&row[last + 1], row[last + 1].style)
        self._blank(&row[x], style)
        row[x].ch = ch
        row[x].width = width
        if width == 2:
            self._blank(&row[last], style)
            row[last].ch = 0
            row[last].width = 0

    cpdef int put(self, int y, int x, str text, int style=0, int limit=MAX_SIDE):
        """Draw `text` from cell (y, x) on, in at most `limit` cells. Returns the cells it took, clipped ones too."""
        cdef int at = x
        cdef int end = x + max(0, limit)
        cdef int step, last = -1
        cdef uint32_t cp
        cdef uint8_t kind
        cdef Py_UCS4 ch
        cdef Cell* cell
        for ch in text:
            cp = ch
            kind = kind_of(cp)
            if self.ascii_only and cp > 0x7E and kind > SEEN_MARK:
                kind, cp = SEEN_NARROW, 63
            if kind == SEEN_REFUSED:
                kind, cp = SEEN_NARROW, 63 if self.ascii_only else REPLACEMENT
            step = cells_of(kind)
            if step == 0:
                if kind == SEEN_MARK and last >= 0 and not self.ascii_only:
                    cell = &self.back[y * self.cols + last]
                    cell.mark[0 if cell.mark[0] == 0 else 1] = cp
                continue
            if at + step > end:
                break
            last = -1
            if self.top <= y < self.bottom and at >= self.left and at + step <= self.right:
                self._set(y, at, cp, step, style)
                last = at
            at += step
        return at - x

    def field(self, int y, int x, int width, str text, int style=0, bint right=False, str ellipsis="\u2026"):
        """`text` in exactly `width` cells: cut with an ellipsis when too long, filled with blanks when too short."""
        cdef int used
        text = clip(text, width, ellipsis)
        used = text_width(text)
        self.fill(y, x, 1, width, " ", style)
        self.put(y, x + (width - used if right else 0), text, style, width)

    def fill(self, int y, int x, int height, int width, str char, int style=0):
        """Every cell of the rectangle becomes `char`, one narrow character."""
        cdef int i, j
        cdef uint32_t cp = ord(char)
        if kind_of(cp) != SEEN_NARROW:
            raise ValueError("fill() takes one narrow character")
        if self.ascii_only and cp > 0x7E:
            cp = 63
        for i in range(max(self.top, y), min(self.bottom, y + height)):
            for j in range(max(self.left, x), min(self.right, x + width)):
                self._set(i, j, cp, 1, style)

    def restyle(self, int y, int x, int width, int bits):
        """Add style bits to the cells of a row, text untouched: the selected row."""
        cdef int j
        if self.top <= y < self.bottom:
            for j in range(max(self.left, x), min(self.right, x + width)):
                self.back[y * self.cols + j].style |= bits

    def changes(self) -> list[tuple[int, int, str, int]]:
        """[(y, x, text, style)] of the cells that differ from what was last handed out, in runs of one style."""
        runs = []
        cdef int y, x, start
        cdef Cell* back
        cdef Cell* front
        for y in range(self.rows):
            back = &self.back[y * self.cols]
            front = &self.front[y * self.cols]
            if memcmp(back, front, self.cols * sizeof(Cell)) == 0:
                continue
            x = 0
            while x < self.cols:
                if memcmp(&back[x], &front[x], sizeof(Cell)) == 0:
                    x += 1
                    continue
                start = x
                while x < self.cols and back[x].style == back[start].style:
                    if back[x].width and memcmp(&back[x], &front[x], sizeof(Cell)) == 0:
                        break
                    x += 1
                    if back[x - 1].width != 2 and not sure_width(&back[x - 1]):
                        break
                runs.append((y, start, self._text(&back[start], x - start), back[start].style))
            memcpy(front, back, self.cols * sizeof(Cell))
        return runs

    cdef object _text(self, Cell* cells, int count):
        cdef int i, j, n = 0
        for i in range(count):
            if cells[i].width == 0:
                continue
            self.scratch[n] = cells[i].ch
            n += 1
            for j in range(2):
                if cells[i].mark[j]:
                    self.scratch[n] = cells[i].mark[j]
                    n += 1
        return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, self.scratch, n)

    def line(self, int y) -> str:
        """The text of one row, blanks at the end left out."""
        if not 0 <= y < self.rows:
            raise IndexError(y)
        return self._text(&self.back[y * self.cols], self.cols).rstrip(" ")

    def style_at(self, int y, int x) -> int:
        if not (0 <= y < self.rows and 0 <= x < self.cols):
            raise IndexError((y, x))
        return self.back[y * self.cols + x].style

    def __str__(self):
        return "\n".join(self.line(y) for y in range(self.rows)) + "\n"
