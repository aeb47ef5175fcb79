"""Conversations of SSDP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (
                0,
                (
                    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: '
                    b"ssdp:all\r\nUSER-AGENT: cp/1\r\n\r\n"
                ),
            ),
            (
                1,
                (
                    b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATIO"
                    b"N: http://192.0.2.1/d.xml\r\nSERVER: Linux UPnP/1.0 x/1\r\n\r\n"
                ),
            ),
            (0, b"NOTIFY * HTTP/1.1\r\nNT: urn:x\r\nNTS: ssdp:alive\r\n\r\n"),
        ],
        0,
        0,
        {
            "method": "M-SEARCH",
            "st": ["ssdp:all", "upnp:rootdevice"],
            "nt": ["urn:x"],
            "nts": ["ssdp:alive"],
            "usn": ["uuid:1::upnp:rootdevice"],
            "location": ["http://192.0.2.1/d.xml"],
            "server": "Linux UPnP/1.0 x/1",
            "user_agent": "cp/1",
            "host": "239.255.255.250:1900",
            "status": 200,
        },
        "SSDP M-SEARCH ssdp:all Linux UPnP/1.0 x/1",
    ),
]
