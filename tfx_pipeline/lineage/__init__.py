"""Questions to what runs recorded: where a model comes from, and what became of it."""
