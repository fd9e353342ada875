"""A report of the monitor as a page for a browser."""
