"""What the tests of the client share."""

from kubeflow_cases.server_fixtures import connection, package, server

__all__ = ["connection", "package", "server"]
