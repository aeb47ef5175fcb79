"""What fuzzers of frames share: seeds go into the first corpus folder named, then atheris takes over."""

import sys
from collections.abc import Callable


def fuzz(one_input: Callable[[bytes], None], seeds: Callable[[str], None]) -> None:
    """Run the target with the flags of the command line; `seeds` writes files into a folder."""
    import atheris

    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        seeds(folders[0])
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
