"""Running the pipeline on one machine."""
