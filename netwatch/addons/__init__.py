"""Addons of one file, with what may be asked of them (model.contract.Question) and done by them (Command).

Questions and commands are those of screens, the agent and the library: frozen dataclasses, so that equal questions are
one. answer() and run() are called in the poller's thread; they take session.lock around each look at the engine, and
give plain data back. Nothing here draws.
"""
