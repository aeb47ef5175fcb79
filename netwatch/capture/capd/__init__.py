"""netwatch-capd: the process that has the rights to capture and to ask the system, and understands no protocol.

helper.py runs in it, client.py in the process that reads; messages.py is what they say to each other. Frames go by
shared memory (_fast/input/ring.pyx).
"""
