"""The box that carries a chunk of frames between threads."""
from netwatch._fast.input.source cimport Chunk

cdef class Box:
    cdef Chunk* chunk
    cdef readonly long n          # frames in it; 0 at the end of the input, -1 when a live source had none
