"""Describes a file that nobody has described: from its text and values to a series' YAML."""
