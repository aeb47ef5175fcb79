"""THE TABLE, the part of the web and of names: what TLS, QUIC, HTTP, DNS and SSH flows and records hold."""
from netwatch.schema.field import (
    ADDRESS,
    BOOL,
    BYTES,
    DURATION,
    INT,
    TEXT,
    TIME,
    Field,
    _field,
)


def _certificate(name: str, whose: str, subject: str, issuer: str, san: str) -> tuple[Field, ...]:
    """What a certificate says; the last three are further names of its fields."""
    return (
        _field(f"{name}.subject", "flow tls", TEXT, "SUBJECT", 30,
               f"Subject of the {whose}'s certificate.", subject, privacy="name"),
        _field(f"{name}.issuer", "flow tls", TEXT, "ISSUER", 30, f"Issuer of the {whose}'s certificate.", issuer),
        _field(f"{name}.san", "flow tls", TEXT, "SAN", 30,
               "Subject alternative names of that certificate.", san, privacy="name", many=True),
        _field(f"{name}.not_before", "flow tls", TIME, "FROM", 30, "Start of its validity."),
        _field(f"{name}.not_after", "flow tls", TIME, "UNTIL", 30, "End of its validity."),
        _field(f"{name}.key", "flow tls", TEXT, "KEY", 10, "Kind and size of its key."),
        _field(f"{name}.sha256", "flow tls", TEXT, "SHA-256", 64, "SHA-256 of the certificate."),
    )


_TLS = (
    _field("tls.sni", "flow tls", TEXT, "SNI", 28,
           "Server name the client asked for.", "sni host hostname tls.handshake.extensions_server_name",
           privacy="name", search=True),
    _field("tls.alpn", "flow tls", TEXT, "ALPN", 14,
           "Protocols the client offered.", "alpn tls.handshake.extensions_alpn_str", many=True),
    _field("tls.alpn_chosen", "flow tls", TEXT, "ALPN", 8, "Protocol the server chose."),
    _field("tls.version", "flow tls", TEXT, "TLS", 8, "Version agreed on."),
    _field("tls.cipher", "flow tls", TEXT, "CIPHER", 30, "Cipher suite the server chose.", "cipher"),
    _field("tls.ja3", "flow tls", TEXT, "JA3", 32, "JA3 fingerprint of the ClientHello.", "ja3 tls.handshake.ja3"),
    _field("tls.ja4", "flow tls", TEXT, "JA4", 36, "JA4 fingerprint of the ClientHello.", "ja4 tls.handshake.ja4"),
    _field("tls.client", "flow tls", TEXT, "CLIENT", 24,
           "Programs known to send such a ClientHello, by its JA3 or JA4.", "client"),
    _field("tls.ja3s", "flow tls", TEXT, "JA3S", 32, "JA3S fingerprint of the ServerHello.", "ja3s tls.handshake.ja3s"),
    _field("tls.hello_retry.group", "flow tls", TEXT, "RETRY", 16,
           "Key exchange group the server asked for by a HelloRetryRequest."),
    _field("tls.hello_retry.ja3", "flow", TEXT, "JA3", 32, "JA3 of the ClientHello after a HelloRetryRequest.", "ja3"),
    _field("tls.hello_retry.ja3s", "flow", TEXT, "JA3S", 32, "JA3S of the HelloRetryRequest itself.", "ja3s"),
    _field("tls.hello_retry.ja4", "flow", TEXT, "JA4", 36, "JA4 of the ClientHello after a HelloRetryRequest.", "ja4"),
    _field("tls.ech", "flow tls", BOOL, "ECH", 4, "The client sent an Encrypted Client Hello.", "ech"),
    _field("tls.resumed", "flow tls", BOOL, "RESUMED", 8, "The session was resumed.", "resumed"),
    _field("tls.alert", "flow tls", TEXT, "ALERT", 20, "The first alert seen."),
    *_certificate("tls.cert", "server", "subject", "issuer", "san"),
    *_certificate("tls.client_cert", "client", "", "", ""),
)


_QUIC = (
    _field("quic.version", "flow", TEXT, "QUIC", 8, "QUIC version."),
    _field("quic.version_id", "flow", TEXT, "VERSION", 10, "QUIC version as on the wire."),
    _field("quic.sni", "flow", TEXT, "SNI", 28,
           "Server name the client asked for.", "sni host hostname", privacy="name", search=True),
    _field("quic.gquic_sni", "flow", TEXT, "SNI", 28,
           "Server name in the hello of Google's older QUIC, which is not TLS.", "sni host hostname", privacy="name",
           search=True),
    _field("quic.hello_retry.ja3", "flow", TEXT, "JA3", 32, "JA3 of the ClientHello after a HelloRetryRequest.", "ja3"),
    _field("quic.hello_retry.ja4", "flow", TEXT, "JA4", 36, "JA4 of the ClientHello after a HelloRetryRequest.", "ja4"),
    _field("quic.alpn", "flow", TEXT, "ALPN", 8, "Protocols the client offered.", "alpn", many=True),
    _field("quic.ja4", "flow", TEXT, "JA4", 36, "JA4 fingerprint of the ClientHello, QUIC form.", "ja4"),
    _field("quic.ja3", "flow", TEXT, "JA3", 32, "JA3 fingerprint of the ClientHello.", "ja3"),
    _field("quic.client", "flow", TEXT, "CLIENT", 24,
           "Programs known to send such a ClientHello, by its JA3 or JA4.", "client"),
    _field("quic.ech", "flow", BOOL, "ECH", 4, "The client sent an Encrypted Client Hello.", "ech"),
    _field("quic.user_agent", "flow", TEXT, "AGENT", 24, "User agent, where Google's QUIC names it.",
           "user_agent agent"),
    _field("quic.retry", "flow", BOOL, "RETRY", 5, "The server asked for a token first."),
    _field("quic.early_data", "flow", BOOL, "0-RTT", 5, "The client sent 0-RTT data."),
    _field("quic.offered", "flow", TEXT, "OFFERED", 16, "Versions the server offered instead.", many=True),
    _field("quic.handshake_us", "flow", DURATION, "SETUP", 7,
           "From the client's first packet to its first after the handshake.", unit="us"),
    _field("quic.dcid", "flow", TEXT, "DCID", 40, "Destination connection ID of the first Initial."),
    _field("quic.scid", "flow", TEXT, "SCID", 40, "Source connection ID of the first Initial."),
    _field("quic.close.code", "flow", INT, "CLOSE", 7, "Error code of the connection close."),
    _field("quic.close.reason", "flow", TEXT, "REASON", 24, "Reason the connection close gave."),
    _field("quic.close.side", "flow", TEXT, "SIDE", 9, "Who closed."),
    _field("quic.idle_timeout_ms", "flow", DURATION, "IDLE", 7, "Idle timeout the client offered.", unit="ms"),
)

_DTLS = (
    _field("dtls.cookie", "flow", TEXT, "COOKIE", 40, "Cookie of the server's HelloVerifyRequest."),
)

_TOR = (
    _field("tor.subject", "flow", TEXT, "RELAY", 28, "Name the relay made up for itself.", privacy="name"),
    _field("tor.issuer", "flow", TEXT, "ISSUER", 28, "Name the relay made up for its issuer."),
)

_HTTP = (
    _field("http.method", "flow http", TEXT, "METHOD", 7, "Request method.", "method http.request.method", search=True),
    _field("http.host", "flow http", TEXT, "HOST", 28,
           "Host or :authority of the request.", "host hostname", privacy="name", search=True),
    _field("http.path", "flow http", TEXT, "PATH", 32,
           "Path of the request; its first 300 characters in the http record.", "path url http.request.uri",
           privacy="name", search=True),
    _field("http.path_full", "http", TEXT, "PATH", 32,
           "The whole path, where it is longer than the 300 characters of `path`.", "path url http.request.uri",
           privacy="name", search=True),
    _field("http.status", "flow http", INT, "STATUS", 6, "Status code of the response.", "status http.response.code"),
    _field("http.user_agent", "flow", TEXT, "AGENT", 24, "User-Agent of the request.", "user_agent agent"),
    _field("http.content_type", "flow", TEXT, "CONTENT", 18, "Content-Type of the response.", "content_type"),
    _field("http.login.auth", "flow", TEXT, "AUTH", 9, "Method of the login: NTLMv1, NTLMv2, Kerberos, anonymous."),
    _field("http.login.user", "flow", TEXT, "USER", 16, "User who logs in by NTLM.",
           "login.user ntlmssp.auth.username", privacy="name", search=True),
    _field("http.login.domain", "flow", TEXT, "DOMAIN", 16, "Domain of that user.", "ntlmssp.auth.domain",
           privacy="name"),
    _field("http.login.workstation", "flow", TEXT, "HOST", 16, "Computer the login names.", "ntlmssp.auth.hostname",
           privacy="name", search=True),
    _field("http.login.server", "flow", TEXT, "SERVER", 16, "NetBIOS name the server gives itself.", privacy="name"),
    _field("http.login.server_domain", "flow", TEXT, "SDOMAIN", 16, "NetBIOS domain of the server.", privacy="name"),
    _field("http.login.server_dns", "flow", TEXT, "SERVER DNS", 28, "DNS name of the server.", privacy="name",
           search=True),
    _field("http.login.dns_domain", "flow", TEXT, "DNS DOMAIN", 24, "DNS domain of the server.", privacy="name"),
    _field("http.login.realm", "flow", TEXT, "REALM", 18, "Realm of the Kerberos ticket.", privacy="name"),
    _field("http.login.spn", "flow", TEXT, "SPN", 28, "Service the Kerberos ticket is for.", privacy="name"),
    _field("http.login.client_os", "flow", TEXT, "CLIENT OS", 12, "Version of the client's system."),
    _field("http.login.server_os", "flow", TEXT, "SERVER OS", 12, "Version of the server's system."),
    _field("http.transactions", "flow", INT, "REQS", 5, "Transactions seen on the flow."),
    _field("http.version", "http", TEXT, "HTTP", 5, "HTTP version: 1.0, 1.1, 2 or 3."),
    _field("http.request_bytes", "http", BYTES, "REQ", 8, "Bytes of the request body."),
    _field("http.response_bytes", "http", BYTES, "RESP", 8, "Bytes of the response body."),
    _field("http.latency_us", "http", DURATION, "LATENCY", 8,
           "From the end of the request to the start of the response.", "latency", unit="us"),
)

def _transactions(app: str) -> tuple[Field, ...]:
    """The first transaction of a connection that has many, and how many."""
    return (
        _field(f"{app}.method", "flow", TEXT, "METHOD", 7, "Method of the first request.", "method"),
        _field(f"{app}.host", "flow", TEXT, "HOST", 28, ":authority of the first request.", "host hostname",
               privacy="name", search=True),
        _field(f"{app}.path", "flow", TEXT, "PATH", 32, "Path of the first request.", "path url", privacy="name",
               search=True),
        _field(f"{app}.status", "flow", INT, "STATUS", 6, "Status code of the first response.", "status"),
        _field(f"{app}.user_agent", "flow", TEXT, "AGENT", 24, "User-Agent of the first request.", "user_agent agent"),
        _field(f"{app}.content_type", "flow", TEXT, "CONTENT", 18, "Content-Type of the first response.",
               "content_type"),
        _field(f"{app}.server", "flow", TEXT, "SERVER", 18, "Server of the first response."),
        _field(f"{app}.transactions", "flow", INT, "REQS", 5, "Transactions seen on the connection."),
    )


_HTTP2 = (
    *_transactions("http2"),
    _field("http2.goaway", "flow", TEXT, "GOAWAY", 18, "Why the connection was given up."),
    *_transactions("http3"),
    _field("websocket.messages", "flow", INT, "MESSAGES", 8, "Data messages of both sides."),
    _field("websocket.compressed", "flow", BOOL, "PACKED", 6, "Messages were compressed."),
    _field("websocket.close_code", "flow", INT, "CLOSE", 5, "Code of the close frame."),
    _field("websocket.close_reason", "flow", TEXT, "REASON", 24, "Reason of the close frame."),
    _field("grpc.service", "flow", TEXT, "SERVICE", 28, "First service called.", search=True),
    _field("grpc.methods", "flow", TEXT, "METHODS", 24, "Methods called.", many=True),
    _field("grpc.status", "flow", TEXT, "GRPC", 12, "Statuses the calls ended with.", many=True),
    _field("grpc.message", "flow", TEXT, "MESSAGE", 28, "First message that came with a status."),
)

_DNS = (
    _field("dns.names", "flow", TEXT, "QUERY", 28,
           "Names asked for.", "dns.name dns.qry.name query host hostname", privacy="name", many=True, search=True),
    _field("mdns.names", "flow", TEXT, "QUERY", 28,
           "Names asked for over mDNS.", "dns.name dns.qry.name query host hostname", privacy="name", many=True,
           search=True),
    _field("llmnr.names", "flow", TEXT, "QUERY", 28,
           "Names asked for over LLMNR.", "dns.name dns.qry.name query host hostname", privacy="name", many=True,
           search=True),
    _field("dns.types", "flow", TEXT, "TYPE", 6, "Types asked for.", "dns.type dns.qry.type qtype", many=True),
    _field("dns.answers", "flow", TEXT, "ANSWERS", 28,
           "Data of the answers.", "dns.answer answer", privacy="address", many=True),
    _field("dns.rcode", "flow dns", TEXT, "RCODE", 9, "Response code.", "rcode dns.flags.rcode"),
    _field("dns.latency_us", "flow dns", DURATION, "LATENCY", 8,
           "From the query to its response.", "latency", unit="us"),
    _field("dns.transport", "flow dns", TEXT, "OVER", 6, "udp, tcp, tls, https, quic, mdns or llmnr."),
    _field("dns.client", "dns", ADDRESS, "CLIENT", 39,
           "Who asked.", "src addr ip ip.addr ip.src", privacy="address", search=True),
    _field("dns.server", "dns", ADDRESS, "SERVER", 39,
           "Who was asked.", "dst addr ip ip.addr ip.dst", privacy="address", search=True),
    _field("dns.id", "dns", INT, "TXID", 6, "Transaction identifier."),
    _field("dns.qr", "dns", TEXT, "QR", 8, "query or response."),
    _field("dns.opcode", "dns", TEXT, "OPCODE", 7, "Kind of query.", "opcode"),
    _field("dns.flags", "dns", TEXT, "FLAGS", 12, "Header flags that are set.", many=True),
    _field("dns.questions.name", "dns", TEXT, "QUERY", 28,
           "Names in the question section.", "dns.names dns.name dns.qry.name query host hostname",
           privacy="name", many=True, search=True),
    _field("dns.questions.type", "dns", TEXT, "TYPE", 6,
           "Types in the question section.", "dns.types dns.type dns.qry.type qtype", many=True),
    _field("dns.questions.class", "dns", TEXT, "CLASS", 5, "Classes in the question section.", many=True),
    _field("dns.answers.name", "dns", TEXT, "OWNER", 28, "Owner names of the answers.", privacy="name", many=True),
    _field("dns.answers.type", "dns", TEXT, "ATYPE", 6, "Types of the answers.", many=True),
    _field("dns.answers.ttl", "dns", INT, "TTL", 7, "Times to live of the answers.", unit="s", many=True),
    _field("dns.answers.data", "dns", TEXT, "ANSWERS", 28,
           "Data of the answers.", "dns.answers dns.answer answer", privacy="address", many=True, search=True),
)

_SSH = (
    _field("ssh.client", "flow", TEXT, "SSH CLIENT", 24, "Banner of the client.", search=True),
    _field("ssh.server", "flow", TEXT, "SSH SERVER", 24, "Banner of the server.", search=True),
    _field("ssh.kex", "flow", TEXT, "KEX", 24, "Key exchange agreed on."),
    _field("ssh.host_key", "flow", TEXT, "HOST KEY", 18, "Host key algorithm agreed on."),
    _field("ssh.cipher_out", "flow", TEXT, "CIPHER↑", 24, "Cipher, client to server.", "ssh.cipher"),
    _field("ssh.cipher_in", "flow", TEXT, "CIPHER↓", 24, "Cipher, server to client.", "ssh.cipher"),
    _field("ssh.mac", "flow", TEXT, "MAC", 24, "Message authentication agreed on."),
    _field("ssh.hassh", "flow", TEXT, "HASSH", 32, "HASSH fingerprint of the client.", "hassh"),
    _field("ssh.hassh_server", "flow", TEXT, "HASSH-S", 32, "HASSH fingerprint of the server.", "hassh_server"),
)

WEB = (*_TLS, *_QUIC, *_DTLS, *_TOR, *_HTTP, *_HTTP2, *_DNS, *_SSH)
