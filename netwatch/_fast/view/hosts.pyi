# Written by tools/make_stubs.py. Change the .pyx, not this.
from netwatch._fast.out.naming import NameTable
from netwatch._fast.view.attached import RowCodes
from netwatch._fast.view.follower import RowFollower
from netwatch._fast.view.profiles import Profiles
from netwatch.model.record import Record

CARRIERS: tuple[str, ...]

class HostNames(RowFollower):
    @property
    def hosts(self) -> RowCodes: ...
    @property
    def vias(self) -> RowCodes: ...
    @property
    def ages(self) -> RowCodes: ...
    def __init__(self, profiles: Profiles, names: NameTable, places: Record) -> None: ...
    def resolve(self, address: bytes, host: str) -> None: ...
