"""Watching a model that serves: its live errors, its band, and what it is fed with."""
