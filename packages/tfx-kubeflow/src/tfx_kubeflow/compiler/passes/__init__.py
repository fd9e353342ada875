"""Passes over TFX's V2 IR: each changes the dictionary that it is given."""
