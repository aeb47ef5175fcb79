"""Text from the wire made safe to show."""
cpdef str clean(bytes raw, Py_ssize_t limit=*)
cpdef int add_text(dict obj, str key, bytes raw, Py_ssize_t limit=*) except -1
