"""Country, city and network of an address from MaxMind-format databases (.mmdb) that lie on this machine.

None is bundled, and nothing is fetched. Databases are told apart by the type they state, not by their file's name.
DB-IP's are CC BY 4.0: whoever shows their answers shows `attribution()` too.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from netwatch.model.record import Record
from netwatch.store.folders import data_folder, packs_folder

if TYPE_CHECKING:
    from maxminddb import Reader

HINT = "put a .mmdb there (DB-IP Lite, GeoLite2, IPinfo Lite), or name files or folders in $NETWATCH_GEOIP"
MAX_FILES = 64                 # of one folder that are looked at
CACHED = 65_536


def folders() -> list[str]:
    """Where databases are looked for: what $NETWATCH_GEOIP names, alone; else the usual folders."""
    named = os.environ.get("NETWATCH_GEOIP")
    if named is not None:
        return [part for part in named.split(os.pathsep) if part]
    own = data_folder()
    mine = [str(packs_folder() / "geoip"), str(own), str(own.with_name("GeoIP"))]
    if sys.platform == "win32":
        data = os.environ.get("PROGRAMDATA", r"C:\ProgramData")
        return [*mine, os.path.join(data, "MaxMind", "GeoIPUpdate", "GeoIP")]
    return [*mine, "/usr/local/share/netwatch", "/usr/share/netwatch", "/usr/local/share/GeoIP",
            "/usr/share/GeoIP", "/var/lib/GeoIP", "/opt/homebrew/var/GeoIP"]


def files() -> Iterator[str]:
    """Databases in the places, in their order; of one folder the names that sort last first: the newest by date."""
    for place in folders():
        try:
            if os.path.isdir(place):
                names = sorted((name for name in os.listdir(place) if name.endswith(".mmdb")), reverse=True)
                yield from (os.path.join(place, name) for name in names[:MAX_FILES])
            elif os.path.isfile(place):
                yield place
        except OSError:
            continue


def fault(path: os.PathLike[str]) -> str:
    """Why a file is no such database; "" it is one, or maxminddb is not here to say."""
    try:
        import maxminddb
    except ImportError:
        return ""
    try:
        with maxminddb.open_database(path) as reader:
            reader.metadata()
            reader.get("192.0.2.1")
    except (maxminddb.InvalidDatabaseError, ValueError, TypeError, OSError, KeyError, IndexError, RecursionError):
        return "not a database that can be read (MaxMind's format)"
    return ""


class Geo:
    """The first database for places and the first for networks. `missing` says why there is none."""

    def __init__(self) -> None:
        self.missing: str | None = None
        self.types: list[str] = []
        self._cities: Reader | None = None
        self._networks: Reader | None = None
        self._look = lru_cache(CACHED)(self._search)
        found = list(files())
        if found:
            self._open_all(found)
        else:
            self.missing = f"no GeoIP database in {', '.join(folders()) or 'any place'}; {HINT}"

    def _open_all(self, paths: list[str]) -> None:
        try:
            import maxminddb
        except ImportError:
            self.missing = f"{paths[0]} cannot be read: the Python package maxminddb is not installed"
            return
        self._failures = (maxminddb.InvalidDatabaseError, ValueError, TypeError, OSError, KeyError, IndexError)
        for path in paths:
            self._open(maxminddb, path)
            if self._cities is not None and self._networks is not None:
                break
        if not self.types:
            self.missing = f"{', '.join(paths)}: no GeoIP database that can be read; {HINT}"

    def _open(self, maxminddb: ModuleType, path: str) -> None:
        try:
            reader = maxminddb.open_database(path)
            kind = str(reader.metadata().database_type)
        except self._failures:
            return
        low = kind.lower()
        network = "asn" in low or "isp" in low or "ipinfo" in low
        place = "city" in low or "country" in low or "ipinfo" in low or "enterprise" in low
        if network and self._networks is None:
            self._networks = reader
            self.types.append(kind)
        if place and self._cities is None:
            self._cities = reader
            if kind not in self.types:
                self.types.append(kind)

    def __bool__(self) -> bool:
        return bool(self.types)

    def find(self, address: str) -> Record:
        """country (two letters), city, asn (a number), org, as far as they are known."""
        found: Record = self._look(address)
        return found

    def _search(self, address: str) -> Record:
        place, network = self._get(self._cities, address), self._get(self._networks, address)
        country = place.get("country")
        answer: Record = {
            "country": _text(country.get("iso_code") if isinstance(country, dict) else
                             place.get("country_code") or country, 2),
            "city": _text(_named(place.get("city")), 80),
            "asn": _number(network.get("autonomous_system_number") or network.get("asn")),
            "org": _text(network.get("autonomous_system_organization") or network.get("as_name"), 120),
        }
        if answer["country"] is not None and not (len(answer["country"]) == 2 and answer["country"].isalpha()):
            del answer["country"]
        return {key: value for key, value in answer.items() if value}

    def _get(self, reader: Reader | None, address: str) -> Record:
        if reader is None:
            return {}
        try:
            found = reader.get(address)
        except self._failures:
            return {}
        return found if isinstance(found, dict) else {}

    def attribution(self) -> str:
        """What the licence of the databases in use asks to be shown; "" when they ask for nothing."""
        return "IP Geolocation by DB-IP (db-ip.com), CC BY 4.0" if any(
            kind.lower().startswith("dbip") for kind in self.types) else ""


def _named(value: object) -> object:
    """MaxMind's places have names by language."""
    if isinstance(value, dict):
        names = value.get("names")
        return names.get("en") if isinstance(names, dict) else None
    return value


def _text(value: object, limit: int) -> str | None:
    """A database is a file from outside too: only printable text, of bounded length."""
    if not isinstance(value, str) or not value:
        return None
    return "".join(c if c.isprintable() else "\ufffd" for c in value[:limit])


def _number(value: object) -> int | None:
    """13335, from a number or from AS13335."""
    text = str(value).upper().removeprefix("AS") if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 1 << 32 else None
