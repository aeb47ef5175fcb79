"""The terminal's cell buffer. See canvas.pyx."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef struct Cell:
    uint32_t ch            # code point, already known to be printable
    uint32_t mark[2]       # combining marks drawn over it, 0 none
    uint16_t style         # meaning is the theme's
    uint8_t width          # 1, 2 for the left half of a wide character, 0 for its right half
    uint8_t unused         # zero: cells are compared as bytes

cdef class Canvas:
    cdef Cell* back        # being drawn
    cdef Cell* front       # what the terminal shows
    cdef uint32_t* scratch
    cdef readonly int rows
    cdef readonly int cols
    cdef public bint ascii_only
    cdef int top
    cdef int left
    cdef int bottom
    cdef int right
    cdef void _blank(self, Cell* cell, uint16_t style) noexcept
    cdef void _set(self, int y, int x, uint32_t ch, int width, uint16_t style) noexcept
    cdef object _text(self, Cell* cells, int count)
    cpdef int put(self, int y, int x, str text, int style=*, int limit=*)
