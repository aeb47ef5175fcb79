"""Flows that others measured: what exporters say in NetFlow and IPFIX, as flow records."""
