"""libbpf by ctypes: load an object, attach its programs, read its ring buffer and run its iterators.

Only what ebpf.py needs, over the stable interface of libbpf.so.1 (Debian's libbpf1). libbpf is kept from writing to the
terminal; the reason of a failure is its error number.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
from collections.abc import Callable, Iterator

from netwatch.model.host import Unavailable

LIBRARY = "libbpf.so.1"
RECORDS = 1 << 16
BTF_KIND_ENUM, BTF_KIND_TYPEDEF = 6, 8

_SAMPLE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_POINTERS = ("bpf_object__open_file", "bpf_object__find_program_by_name", "bpf_object__find_map_by_name",
             "bpf_program__attach", "bpf_program__attach_iter", "ring_buffer__new", "btf__load_vmlinux_btf",
             "btf__type_by_id")


def library() -> ctypes.CDLL:
    """The shared library, its functions typed. Raises Unavailable when it is not installed."""
    try:
        lib = ctypes.CDLL(LIBRARY, use_errno=True)
    except OSError:
        raise Unavailable(f"{LIBRARY} is not installed (Debian: apt install libbpf1)") from None
    for name in _POINTERS:
        getattr(lib, name).restype = ctypes.c_void_p
    lib.btf__name_by_offset.restype = ctypes.c_char_p
    lib.libbpf_set_print.restype = ctypes.c_void_p
    lib.libbpf_set_print(None)  # a function of Python's would be where Ctrl-C is lost: ctypes ignores what it raises
    return lib


@contextlib.contextmanager
def kernel_types() -> Iterator[Callable[[str], bool]]:
    """Tells whether the kernel's BTF has a typedef of this name. Raises Unavailable when there is no BTF."""
    lib = library()
    types = lib.btf__load_vmlinux_btf()
    if not types:
        raise Unavailable("this kernel does not describe its types (no /sys/kernel/btf/vmlinux)")
    held = ctypes.c_void_p(types)
    try:
        yield lambda name: bool(lib.btf__find_by_name_kind(held, name.encode(), BTF_KIND_TYPEDEF) > 0)
    finally:
        lib.btf__free(held)  # some megabytes
        trim()


def trim() -> None:
    """Give back to the system what loading needed for a moment: ten megabytes for the kernel's types. glibc alone."""
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)


def enum_names(name: str) -> dict[int, str]:
    """The values of an enumeration of the kernel by its BTF; none where it has no such. Raises Unavailable."""
    lib = library()
    types = ctypes.c_void_p(lib.btf__load_vmlinux_btf())
    if not types:
        return {}
    try:
        number = lib.btf__find_by_name_kind(types, name.encode(), BTF_KIND_ENUM)
        found = lib.btf__type_by_id(types, ctypes.c_uint32(number)) if number > 0 else None
        if not found:
            return {}
        count = ctypes.c_uint32.from_address(found + 4).value & 0xFFFF  # struct btf_type: name_off, info, size
        pairs = struct.iter_unpack("=Ii", ctypes.string_at(found + 12, 8 * count))  # struct btf_enum
        return {value: (lib.btf__name_by_offset(types, ctypes.c_uint32(at)) or b"").decode() for at, value in pairs}
    finally:
        lib.btf__free(types)
        trim()


class Object:
    """A BPF object, opened. Everything raises OSError with the kernel's reason."""

    def __init__(self, path: str) -> None:
        self._lib = library()
        self._links: list[ctypes.c_void_p] = []
        self._ring: ctypes.c_void_p | None = None
        self._sample: object = None
        self._object = ctypes.c_void_p(self._checked(self._lib.bpf_object__open_file(path.encode(), None)))

    def choose(self, wanted: set[str], all_of_them: set[str]) -> None:
        """Load only these of its programs."""
        for name in all_of_them:
            self._lib.bpf_program__set_autoload(self._program(name), ctypes.c_bool(name in wanted))

    def constants(self, values: bytes) -> None:
        """Set its read-only data, before loading."""
        found = ctypes.c_void_p(self._checked(self._lib.bpf_object__find_map_by_name(self._object, b".rodata")))
        self._done(self._lib.bpf_map__set_initial_value(found, values, ctypes.c_size_t(len(values))))

    def load(self) -> None:
        self._done(self._lib.bpf_object__load(self._object))
        trim()

    def attach(self, name: str) -> None:
        self._links.append(ctypes.c_void_p(self._checked(self._lib.bpf_program__attach(self._program(name)))))

    def attach_iterator(self, name: str) -> Callable[[], bytes]:
        """A function that runs the iterator and returns all it wrote."""
        link = ctypes.c_void_p(self._checked(self._lib.bpf_program__attach_iter(self._program(name), None)))
        self._links.append(link)
        number = self._lib.bpf_link__fd(link)

        def run() -> bytes:
            fd = self._lib.bpf_iter_create(number)
            if fd < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            with os.fdopen(fd, "rb", buffering=0) as f:
                return b"".join(iter(lambda: f.read(RECORDS) or b"", b""))

        return run

    def ring(self, name: str, take: Callable[[bytes], object]) -> Callable[[], int]:
        """A function that hands every event waiting in this ring buffer to `take`."""

        def sample(_: int, data: int, size: int) -> int:
            take(ctypes.string_at(data, size))
            return 0

        self._sample = _SAMPLE(sample)      # the library keeps the address, we the object
        self._ring = ctypes.c_void_p(self._checked(self._lib.ring_buffer__new(
            self._map(name), self._sample, None, None)))
        return lambda: int(self._lib.ring_buffer__consume(self._ring))

    def number(self, name: str) -> int:
        """The first 64-bit value of an array map."""
        key, value = ctypes.c_uint32(0), ctypes.c_uint64(0)
        self._lib.bpf_map_lookup_elem(self._map(name), ctypes.byref(key), ctypes.byref(value))
        return value.value

    def entries(self, name: str, key_size: int, value_size: int, most: int) -> list[tuple[bytes, bytes]]:
        """Keys and values of a hash map, at most so many; what is added meanwhile may be missing."""
        number = self._map(name)
        found: list[tuple[bytes, bytes]] = []
        key, value = ctypes.create_string_buffer(key_size), ctypes.create_string_buffer(value_size)
        before = None
        while len(found) < most and self._lib.bpf_map_get_next_key(number, before, key) == 0:
            if self._lib.bpf_map_lookup_elem(number, key, value) == 0:
                found.append((key.raw, value.raw))
            before = ctypes.create_string_buffer(key.raw, key_size)
        return found

    def close(self) -> None:
        """Detach and free everything; may be called again."""
        if self._ring:
            self._lib.ring_buffer__free(self._ring)
            self._ring = None
        for link in self._links:
            self._lib.bpf_link__destroy(link)
        self._links = []
        if self._object:
            self._lib.bpf_object__close(self._object)
            self._object = ctypes.c_void_p(None)

    def _program(self, name: str) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._checked(self._lib.bpf_object__find_program_by_name(self._object, name.encode())))

    def _map(self, name: str) -> int:
        found = self._checked(self._lib.bpf_object__find_map_by_name(self._object, name.encode()))
        return int(self._lib.bpf_map__fd(ctypes.c_void_p(found)))

    def _checked(self, pointer: int | None) -> int:
        if not pointer:
            number = ctypes.get_errno() or errno.EINVAL
            raise OSError(number, os.strerror(number))
        return pointer

    def _done(self, status: int) -> None:
        if status < 0:
            raise OSError(-status, os.strerror(-status))
