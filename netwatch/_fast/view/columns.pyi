# Written by tools/make_stubs.py. Change the .pyx, not this.
NUMBERS: dict[str, int]
ADDRESSES: dict[str, int]
CODES: dict[str, int]

def flag_names(bits: int) -> list[str]: ...
LINK_CODES: int
ROW_COLUMN: int
FACT_NUMBERS: dict[str, int]

def map_number(field: str, proto: int, key: int, divide: int = ..., times: int = ...) -> None: ...
