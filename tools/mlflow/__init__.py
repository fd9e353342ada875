"""MLflow's server on this machine, in an environment of its own."""
