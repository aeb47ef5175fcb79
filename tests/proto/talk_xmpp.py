"""Conversations of XMPP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (
                0,
                (
                    b"<?xml version='1.0'?><stream:stream to='example.org' from=\"fred@example.org\" "
                    b"xmlns='jabber:client' version='1.0'>"
                ),
            ),
            (
                1,
                (
                    b"<stream:stream id='1' from='example.org' xmlns='jabber:client'><stream:features><"
                    b"mechanisms><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechan"
                    b"isms></stream:features>"
                ),
            ),
            (0, (b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGZyZWQAczNjcmV0</auth>")),
            (1, b"<success/><iq type='result'><bind><jid>fred@example.org/home</jid></bind></iq>"),
            (0, b"<presence/>"),
        ],
        4,
        0,
        {
            "to": "example.org",
            "from": "fred@example.org",
            "server": "example.org",
            "kind": "jabber:client",
            "mechanisms": ["PLAIN", "SCRAM-SHA-1"],
            "jid": "fred@example.org/home",
            "auth": "PLAIN",
            "user": "fred",
            "password": "***",
        },
        "XMPP fred@example.org/home example.org",
    ),
    (
        [
            (0, b"<stream:stream to='example.org'>"),
            (1, b"<stream:stream id='1'><stream:features><starttls/></stream:features>"),
            (0, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (1, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
        3,
        0,
        {"to": "example.org", "starttls": True},
        "XMPP example.org",
    ),
]
