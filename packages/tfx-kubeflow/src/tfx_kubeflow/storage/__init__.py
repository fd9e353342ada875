"""URIs, object stores, and the versions of a served model."""
