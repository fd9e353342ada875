"""A compiled package on this machine, without a cluster."""
