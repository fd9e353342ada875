"""Passes over TFX's V2 IR: each takes the dictionary and returns a changed copy."""
