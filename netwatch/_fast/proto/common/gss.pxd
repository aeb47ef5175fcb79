"""Who logs in, as the security tokens of Microsoft's protocols say it: NTLM messages and Kerberos requests."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look

cdef enum:                     # fact keys, the same in every protocol that carries such tokens
    GSS_USER = 220             # texts are UTF-8
    GSS_DOMAIN = 221
    GSS_WORKSTATION = 222
    GSS_KIND = 223             # KIND_*, 1 byte
    GSS_SERVER = 224           # NetBIOS name of the server
    GSS_SERVER_DOMAIN = 225
    GSS_SERVER_DNS = 226
    GSS_DNS_DOMAIN = 227
    GSS_CLIENT_OS = 228        # version: major, minor, build (little-endian), 4 bytes
    GSS_SERVER_OS = 229
    GSS_REALM = 230            # of a Kerberos ticket
    GSS_SERVICE = 231          # whom the ticket is for

cdef void gss_learn(Look* look, Slice token) noexcept nogil
