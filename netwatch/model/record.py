"""What a record is to Python: the object of one line of JSON, by the names of the schema's fields."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]     # Any: what stands under a name is the schema's to say, and no type can follow its names
