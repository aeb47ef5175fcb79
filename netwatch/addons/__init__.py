"""What screens want to know of a session: questions (face.Question), and what keys have done by it (face.Command).

Each is a frozen dataclass, so that equal questions are one. answer() and run() are called in the poller's thread; they
take session.lock around each look at the engine, and give plain data back. Nothing here draws.
"""
