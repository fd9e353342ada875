import pytest
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.command import main as command


def test_the_schedule_command(server, connection, package, capsys):
    Pipelines(connection).create("small", package)

    def run(*arguments, code=0):
        assert command.main(["schedule", *arguments, f"--endpoint={server.url}"]) == code
        done = capsys.readouterr()
        return done.err if code else done.out

    assert run("list", "small") == "small: no schedule\n"
    out = run("create", "small", "nightly", "--cron=15 3 * * *", "-p", "number=3")
    assert out.startswith("nightly: cron '0 15 3 * * *' UTC, ENABLED, id recurring-")
    ((recurring_id, body),) = server.recurring.items()
    assert body["runtime_config"]["parameters"]["number"] == 3
    assert run("pause", "small", "nightly") == "nightly: paused\n"
    assert "DISABLED" in run("list", "small")
    assert run("resume", "small", "nightly") == "nightly: resumed\n"
    assert "every 3600 s" in run("replace", "small", "nightly", "--every=3600")
    assert recurring_id not in server.recurring
    assert run("delete", "small", "nightly") == "nightly: deleted\n"
    assert "there are: none" in run("delete", "small", "nightly", code=1)
    wrong = run("create", "small", "x", "--every=3600", "-p", "no=1", code=1)
    assert "no runtime parameter 'no'" in wrong
    with pytest.raises(SystemExit) as usage:
        command.main(["schedule", "create", "small", "x", "--every=3600", "-p", "number"])
    assert usage.value.code == 2
    assert "'number': expected NAME=VALUE" in capsys.readouterr().err
