"""HTTP/2: what is learnt of a flow."""
cdef enum:                     # fact keys; those of transactions are stored by netwatch/decrypt
    HTTP2_METHOD = 1
    HTTP2_HOST = 2             # :authority, or Host
    HTTP2_PATH = 3
    HTTP2_STATUS = 4
    HTTP2_AGENT = 5
    HTTP2_TYPE = 6             # content-type of the first response
    HTTP2_SERVER = 7
    HTTP2_COUNT = 8            # transactions, 8 bytes in native order
    HTTP2_GOAWAY = 9           # error code, 4 bytes big-endian
    HTTP2_METHODS = 10         # different ones, of all requests
    HTTP2_STATUSES = 11        # likewise of all responses
    HTTP2_LATENCY = 12         # ns, the longest wait for a response: 8 bytes, native order
