"""Prints Homebrew's formula of a release: `python formula.py SDIST PYLOCK [URL]`; `make formula`.

The resources are the source archives that PYLOCK (PEP 751, by `uv pip compile`) pins, with their sums; cryptography,
which Homebrew builds itself, is a dependency instead. URL is where SDIST will lie (default: where it lies now).
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

# Homebrew has these as formulae of its own: name there, by name on the index
FORMULAE = {"cryptography": "cryptography", "cffi": "cffi", "pycparser": "pycparser"}
BUILD_ONLY = {"cython": "cython"}

TEMPLATE = """\
class Netwatch < Formula
  include Language::Python::Virtualenv

  desc "Watch a machine's network in the terminal, read any capture file"
  homepage "{homepage}"
  url "{url}"
  sha256 "{sha256}"
  license "Apache-2.0"

{dependencies}

  uses_from_macos "libpcap"
  uses_from_macos "ncurses"

{resources}

  def install
    virtualenv_install_with_resources
  end

  def caveats
    <<~EOS
      Capture files are read without rights. Capturing live needs root (sudo netwatch), or read access to /dev/bpf*.
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/netwatch --version")
    assert_match "ok", shell_output("#{{bin}}/netwatch --self-test")
    # an Ethernet capture without a packet
    (testpath/"empty.pcap").binwrite ["d4c3b2a1020004000000000000000000ffff000001000000"].pack("H*")
    assert_match '"packets":0', shell_output("#{{bin}}/netwatch read --what summary --format ndjson empty.pcap")
  end
end
"""
RESOURCE = """\
  resource "{name}" do
    url "{url}"
    sha256 "{sha256}"
  end
"""


def formula(sdist: Path, lock: dict[str, list[dict[str, object]]], url: str, homepage: str) -> str:
    """The formula. Raises SystemExit for a package that has no source archive."""
    depends = [f'  depends_on "{name}" => :build' for name in sorted(BUILD_ONLY.values())]
    depends += [f'  depends_on "{name}"' for name in sorted({*FORMULAE.values(), "openssl@3", "python@3.13"})]
    resources = []
    for package in sorted(lock["packages"], key=lambda each: str(each["name"])):
        name = str(package["name"])
        if name in FORMULAE or name in BUILD_ONLY:
            continue
        archive = package.get("sdist")
        if not isinstance(archive, dict):
            raise SystemExit(f"{name} {package.get('version')}: no source archive, and Homebrew takes nothing else")
        resources.append(RESOURCE.format(name=name, url=archive["url"], sha256=archive["hashes"]["sha256"]))
    return TEMPLATE.format(homepage=homepage, url=url, sha256=hashlib.sha256(sdist.read_bytes()).hexdigest(),
                           dependencies="\n".join(depends), resources="\n".join(resources).rstrip())


if __name__ == "__main__":
    source = Path(sys.argv[1]).resolve()
    place = sys.argv[3] if len(sys.argv) > 3 else source.as_uri()
    with open(sys.argv[2], "rb") as file:
        print(formula(source, tomllib.load(file), place, place.rpartition("/")[0] + "/"), end="")
