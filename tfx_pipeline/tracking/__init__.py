"""Runs in MLflow: what is logged of them, when, and what happens while the server is away."""
