"""What clusters on this machine have in common: jars from afar, and processes that end together."""
