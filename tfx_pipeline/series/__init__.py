"""What a series is: its columns, units, clock and cadence. Everything else receives it."""
