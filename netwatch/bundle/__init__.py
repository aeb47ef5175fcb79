"""Bundles: a folder of packets and records that shows whether it was changed."""
