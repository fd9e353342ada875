"""What of the pushed models serves: `household-power versions` (docs/serving.md)."""
