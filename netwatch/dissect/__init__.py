"""One frame as a tree of its layers and fields, each with the bytes it stands for: for the frame that is looked at.

Plain Python, for one frame at a time; what runs for all frames is in _fast, and knows more. Any bytes give a tree: a
layer that ends too early says so and is the last. Nothing here draws, and nothing is remembered between frames.
"""

from __future__ import annotations

from netwatch.dissect.tree import Frame, Node, Opened, dissect, summary

__all__ = ["Frame", "Node", "Opened", "dissect", "summary"]
