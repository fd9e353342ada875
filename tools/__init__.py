"""Commands of the project that run before, or without, its virtual environment."""
