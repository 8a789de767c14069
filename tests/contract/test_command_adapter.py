"""The Command port: an argument list without a shell, a small environment, and nothing left running."""

import os
import sys
import time
from pathlib import Path

import pytest

from bot.adapters.command import ReleaseCommand
from bot.core.errors import NotInstalled, Unknown
from bot.core.ports import Command, Exit
from tests.kit.fakes import FakeCommand
from tests.kit.waiting import eventually


def python(script: str, **environ: str) -> ReleaseCommand:
    return ReleaseCommand([sys.executable, "-c", script], name="release", environ=environ)


@pytest.fixture(params=["fake", "adapter"])
def says_done(request: pytest.FixtureRequest) -> Command:
    """Prints `done` and ends with 3."""
    if request.param == "fake":
        return FakeCommand(Exit(code=3, output="done\n"))
    return python("import sys; print('done'); sys.exit(3)")


def test_it_gives_the_exit_code_and_the_output(says_done: Command) -> None:
    assert says_done.run([], timeout=20) == Exit(code=3, output="done\n")


def test_arguments_are_passed_on_as_they_are_and_no_shell_reads_them(tmp_path: Path) -> None:
    hostile = ["$(touch pwned)", "; touch pwned", "a b", "*"]

    ended = python("import sys; print(sys.argv[1:])").run(hostile, timeout=20)

    assert ended.output == f"{hostile}\n"
    assert not Path("pwned").exists()


def test_secrets_of_our_environment_do_not_go_on() -> None:
    command = python("import os; print(sorted(os.environ))", PATH=os.environ["PATH"], STRIPE_WRITE_KEY="x", LANG="C")

    ended = command.run([], timeout=20)

    assert "STRIPE_WRITE_KEY" not in ended.output
    assert "'PATH'" in ended.output


def test_standard_input_is_empty_and_standard_error_is_not_kept() -> None:
    ended = python("import sys; print(repr(sys.stdin.read())); print('secret', file=sys.stderr)").run([], timeout=20)

    assert ended.output == "''\n"


def test_of_a_long_output_the_end_is_kept() -> None:
    ended = python("print('x' * 500_000); print('{\"status\": \"done\"}')").run([], timeout=20)

    assert ended.output.endswith('x\n{"status": "done"}\n')
    assert len(ended.output) == 64 * 1024


def test_one_that_does_not_end_is_killed_with_all_it_started_and_the_outcome_is_unknown(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(60)\n"
    )

    with pytest.raises(Unknown, match="killed"):
        python(script).run([], timeout=5)

    assert eventually(lambda: not any(_is_running(int(pid)) for pid in pids.read_text().split()))


def test_it_does_not_wait_for_what_the_command_left_in_the_background() -> None:
    script = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(15)'])\n"
        "print('done')\n"
    )
    since = time.monotonic()

    ended = python(script).run([], timeout=20)

    assert ended == Exit(code=0, output="done\n")
    assert time.monotonic() - since < 12


def test_a_program_that_is_not_there_is_not_installed() -> None:
    with pytest.raises(NotInstalled, match="billing-host"):
        ReleaseCommand(["/nowhere/bin/billing-host"], name="release", environ={}).run([], timeout=5)


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
