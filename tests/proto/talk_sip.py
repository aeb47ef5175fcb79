"""Conversations of SIP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (
                0,
                (
                    b'INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <sip:al:pw'
                    b"@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c1@h\r\nUser-Agent: p"
                    b'hone/1\r\nAuthorization: Digest username="al", realm="x"\r\nContent-Length: 4\r\n'
                    b"\r\nbody"
                ),
            ),
            (
                1,
                (
                    b"SIP/2.0 180 Ringing\r\nf: sip:al@example.com;tag=1\r\nTo: <sip:bob@example.org>;t"
                    b"ag=2\r\ni: c1@h\r\nServer: pbx\r\nl: 0\r\n\r\nSIP/2.0 200 OK\r\nf: sip:al@example"
                    b".com;tag=1\r\nTo: <sip:bob@example.org>;tag=2\r\ni: c1@h\r\nServer: pbx\r\nl: 0\r"
                    b"\n\r\n"
                ),
            ),
            (
                0,
                (
                    b'\r\n\r\nACK sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: "Al" <sip:'
                    b"al:pw@example.com>;tag=1\r\nt: <sip:bob@example.org>\r\nCall-ID: c2@h\r\nUser-Age"
                    b'nt: phone/1\r\nAuthorization: Digest username="al", realm="x"\r\nContent-Length: '
                    b"4\r\n\r\nbody"
                ),
            ),
        ],
        0,
        0,
        {
            "method": "INVITE",
            "methods": ["INVITE", "ACK"],
            "uri": "sip:bob@example.org",
            "from": "sip:al:***@example.com",
            "to": "sip:bob@example.org",
            "call_id": "c1@h",
            "user_agent": "phone/1",
            "server": "pbx",
            "user": "al",
            "callers": ["sip:al:***@example.com", "sip:al@example.com"],
            "status": 200,
            "statuses": [180, 200],
            "calls": [
                {"call_id": "c1@h", "from": "sip:al:***@example.com", "to": "sip:bob@example.org"},
                {"call_id": "c2@h", "from": "sip:al:***@example.com", "to": "sip:bob@example.org"},
            ],
        },
        "SIP INVITE sip:al:***@example.com > sip:bob@example.org",
    ),
]
