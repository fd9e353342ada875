"""Ports of a cluster on this machine."""

from __future__ import annotations

import socket
from pathlib import Path

from tools.cluster.processes import HOST, free_ports


def test_a_cluster_has_the_ports_of_the_one_before_it(tmp_path: Path) -> None:
    ports = free_ports(tmp_path / "cluster", 4)
    assert len(set(ports)) == 4
    assert free_ports(tmp_path / "cluster", 4) == ports
    with socket.create_server((HOST, ports[0])):
        others = free_ports(tmp_path / "cluster", 4)
    assert ports[0] not in others
    assert free_ports(tmp_path / "cluster", 4) == others
