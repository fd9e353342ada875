"""The raw series: its formats, its rules, and the segments cut from it."""
