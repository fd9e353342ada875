"""Runs a compiled package on this machine: what Argo, KFP's driver and launcher do together."""
