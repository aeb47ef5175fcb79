"""Measurements of netwatch: workloads, whole programs side by side, live capture, the terminal's latency, single steps.

Not installed, not imported by netwatch. `python -m bench.run --help` and its neighbours; docs/bench.md explains them.
"""
