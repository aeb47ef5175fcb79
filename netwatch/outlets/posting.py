"""One request to a collector, with time-outs and verified certificates."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from netwatch.outlets.plan import OutletError

SECONDS = 10.0
AGAIN = (408, 425, 429, 500, 502, 503, 504)  # statuses after which the same may be tried later


class Refused(Exception):
    """The collector does not want this one, and will not want it later."""


class Collector:
    """Where to post to. Raises OutletError for an URL that is none."""

    def __init__(self, url: str, path: str = "", key: str = "", ca: str = "") -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise OutletError(f"{url}: no such host or port") from None
        if parts.scheme not in ("http", "https") or not host:
            raise OutletError(f"{url}: an http:// or https:// address")
        self._host, self._port, self._secure = host, port, parts.scheme == "https"
        self._path = (parts.path.rstrip("/") + path) or "/"
        self._ca = ca
        self._headers = {"Content-Type": "application/json", "User-Agent": "netwatch",
                         **({"Authorization": f"Bearer {key}"} if key else {})}

    def post(self, body: bytes) -> None:
        """Raises OSError where it may be tried again, Refused where not. Redirections are not followed."""
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=SECONDS, context=ssl.create_default_context(cafile=self._ca or None),
        ) if self._secure else http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        try:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            answer.read(65536)
        except http.client.HTTPException as e:
            raise OSError(f"{self._host}: {e or type(e).__name__}") from None
        finally:
            connection.close()
        if answer.status in AGAIN:
            raise OSError(f"{self._host}: status {answer.status}")
        if not 200 <= answer.status < 300:
            raise Refused(f"{self._host}: status {answer.status}")
