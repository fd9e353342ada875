"""The run report: one HTML file with everything in it, made of a run's summary."""
