"""Asks a server for forecasts: from Python (`forecaster`), or `household-power forecast`."""
