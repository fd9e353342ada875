"""The page at `/` of the local server: what is served, its figures, and the last forecasts."""
