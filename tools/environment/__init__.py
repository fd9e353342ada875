"""The set-up: from a bare machine to a virtual environment that can run TFX.

It runs before anything is installed: on the machine's own Python (3.9 or newer) and nothing else.
"""
