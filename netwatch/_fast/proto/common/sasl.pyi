# Written by tools/make_stubs.py. Change the .pyx, not this.
from collections.abc import Callable, Iterable

from netwatch.model.record import Record

def user_and_password(mechanism: str, answers: list[bytes]) -> tuple[bytes, bytes]: ...

def add_login(obj: Record, facts: Iterable[tuple[int, bytes]], show_secrets: bool) -> None: ...

def login_describer(fields: tuple[tuple[str, int, int], ...]) -> Callable[..., Record]: ...
