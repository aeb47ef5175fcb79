"""Conversations of RTSP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (0, b"OPTIONS rtsp://u:pw@cam/1 RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: vlc\r\n\r\n"),
            (1, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: gst\r\nContent-Length: 3\r\n\r\nabc"),
            (0, b"SETUP rtsp://cam/1 RTSP/1.0\r\nTransport: RTP/AVP;unicast\r\n\r\n"),
            (1, b"RTSP/1.0 401 No\r\nSession: 9\r\n\r\n"),
            (0, b"PLAY rtsp://cam/1 RTSP/1.0\r\n\r\n"),
            (1, b"RTSP/1.0 200 OK\r\n\r\n$\x00\x00\x04abcd"),
        ],
        0,
        0,
        {
            "method": "OPTIONS",
            "methods": ["OPTIONS", "SETUP", "PLAY"],
            "url": "rtsp://***@cam/1",
            "user_agent": "vlc",
            "server": "gst",
            "transport": "RTP/AVP;unicast",
            "session": "9",
            "status": 200,
            "statuses": [200, 401],
        },
        "RTSP OPTIONS rtsp://***@cam/1",
    ),
]
