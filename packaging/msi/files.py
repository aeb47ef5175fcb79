"""Prints the files below a folder as a WiX component group, with identities that are the same for the same names.

wixl's own harvester draws them by lot, so that no two builds are alike.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from xml.etree import ElementTree as Tree

NAMESPACE = "http://schemas.microsoft.com/wix/2006/wi"


def identity(kind: str, name: str) -> str:
    return f"{kind}{uuid.uuid5(uuid.NAMESPACE_URL, f'netwatch/{name}').hex.upper()}"


def fill(directory: Tree.Element, folder: Path, root: Path, group: Tree.Element) -> None:
    """A component for each file (Windows Installer's own rule: one file, one component), folders within folders."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(root).as_posix()
        if path.is_dir():
            fill(Tree.SubElement(directory, "Directory", Id=identity("d", name), Name=path.name), path, root, group)
            continue
        component = Tree.SubElement(directory, "Component", Id=identity("c", name), Win64="yes",
                                    Guid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"netwatch/component/{name}")))
        Tree.SubElement(component, "File", Id=identity("f", name), KeyPath="yes", Source=name)
        Tree.SubElement(group, "ComponentRef", Id=component.attrib["Id"])


def fragment(root: Path) -> bytes:
    wix = Tree.Element("Wix", xmlns=NAMESPACE)
    reference = Tree.SubElement(Tree.SubElement(wix, "Fragment"), "DirectoryRef", Id="INSTALLDIR")
    fill(reference, root, root, Tree.SubElement(Tree.SubElement(wix, "Fragment"), "ComponentGroup", Id="Files"))
    Tree.indent(wix)
    return Tree.tostring(wix, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    sys.stdout.buffer.write(fragment(Path(sys.argv[1])) + b"\n")
