"""HTTP/1.0 and 1.1 over TCP: what is learnt of a flow, for the halves of its reader."""
cdef enum:                     # fact keys; of the first transaction, as text
    HTTP_METHOD = 1
    HTTP_HOST = 2
    HTTP_PATH = 3
    HTTP_STATUS = 4            # three digits
    HTTP_AGENT = 5
    HTTP_TYPE = 6
    HTTP_SERVER = 7
    HTTP_COUNT = 8             # transactions, 8 bytes, native order
    HTTP_BASIC = 9             # credentials of the first request that had some (RFC 7617 section 2), in base64
    HTTP_DENIED = 10           # how many different ones were refused, a hash of the last: 8 bytes each, native order
    HTTP_METHODS = 11          # different ones, of all requests
    HTTP_STATUSES = 12         # likewise of all final responses, three digits
    HTTP_LATENCY = 13          # ns, the longest wait for a response: 8 bytes, native order
