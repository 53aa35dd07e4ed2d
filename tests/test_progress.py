"""The bar of training and the stop button, in a real kernel, and in a script."""

import pytest
from jupyter_client.manager import start_new_kernel

from vae_course import progress

PREPARE = """
import os
os.environ.pop("CI", None)
import jax, jax.numpy as jnp
from vae_course import fit
def loss(m, x, key):
    return jnp.sum((x - m) ** 2)
def train(steps):
    return fit(jnp.ones(2), loss, jnp.ones((9, 2)), key=jax.random.key(0), steps=steps)
"""
LONG = 3_000_000


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel()
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def cell(kernel):
    """A kernel in which trainings are ready to begin, and what Run All does: send several cells at once."""
    _, client = kernel
    results(client, client.execute(PREPARE))
    return client.execute


def results(client, request, until=None):
    """(the cell's reply, its outputs), or its outputs so far, as soon as one satisfies `until`."""
    outputs = []
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind in ("stream", "display_data", "update_display_data", "execute_result", "error"):
            outputs.append((kind, content))
            if until and until(kind):
                return outputs
        if kind == "status" and content["execution_state"] == "idle":
            return reply(client, request), outputs


def reply(client, request):
    while True:
        message = client.get_shell_msg(timeout=120)
        if message["parent_header"]["msg_id"] == request:
            return message["content"]


def stop(kernel, request):
    """Press the stop button as soon as the bar of the cell has moved."""
    manager, client = kernel
    results(client, request, until=lambda kind: kind == "update_display_data")
    manager.interrupt_kernel()
    return results(client, request)


def printed(outputs):
    return "".join(content["text"] for kind, content in outputs if kind == "stream")


def test_the_bar_is_one_output_of_the_cell_and_empty_in_the_end(kernel, cell):
    _, client = kernel
    request = cell("from vae_course import progress\nprogress.DELAY = 0\ntrain(300), train(300)\n1")
    _, outputs = results(client, request)
    shown = [content for kind, content in outputs if kind.endswith("display_data")]
    assert [kind for kind, _ in outputs if kind == "display_data"] == ["display_data"]
    assert len({content["transient"]["display_id"] for content in shown}) == 1
    assert sum("of 300 steps" in content["data"].get("text/plain", "") for content in shown) > 1
    assert shown[-1]["data"] == {}
    assert not printed(outputs)  # nothing on stdout or stderr
    (last,) = [content for kind, content in outputs if kind == "execute_result"]
    assert last["data"]["text/plain"] == "1"


def test_a_loop_has_a_line_above_that_of_the_training_in_it(kernel, cell):
    _, client = kernel
    loop = "for seed in progress.each(range(3), 'starts'):\n    train(200)\n    time.sleep(0.2)"
    request = cell(f"import time\nfrom vae_course import progress\nprogress.DELAY = 0\n{loop}")
    answer, outputs = results(client, request)
    assert answer["status"] == "ok"
    shown = [what["data"].get("text/plain", "") for kind, what in outputs if kind.endswith("display_data")]
    assert [kind for kind, _ in outputs if kind == "display_data"] == ["display_data"]
    assert "0 of 3 starts, ? left" in shown[0]  # at once: the first item may last
    both = [text.splitlines() for text in shown if "of 200 steps" in text]
    assert both
    assert all("of 3 starts" in loop_line for loop_line, _ in both)
    assert any("2 of 3 starts, 00:0" in text for text in shown)
    assert shown[-1] == ""


def test_a_loop_that_an_error_leaves_leaves_no_line(kernel, cell):
    _, client = kernel
    loop = "for seed in progress.each(range(3), 'starts'):\n    assert seed < 1"
    answer, outputs = results(client, cell(f"from vae_course import progress\n{loop}"))
    assert answer["ename"] == "AssertionError"
    assert [content["data"] for kind, content in outputs if kind.endswith("display_data")][-1] == {}
    _, outputs = results(client, cell("for seed in progress.each(range(2), 'models'):\n    pass"))
    assert not [content for _, content in outputs if "starts" in str(content)]


def test_where_ci_is_set_a_loop_is_silent_and_yields_the_same(capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert list(progress.each("abc", "letters")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_in_a_script_a_loop_has_its_line_too(capsys, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    assert list(progress.each("abc", "letters")) == ["a", "b", "c"]
    assert "0 of 3 letters, ? left" in capsys.readouterr().err


def test_the_stop_button_ends_the_training_the_cell_goes_on_and_run_all_does_not(kernel, cell):
    _, client = kernel
    requests = [cell(f"run = train({LONG})\nprint('went on')"), cell("print('the next cell')")]
    answer, outputs = stop(kernel, requests[0])
    assert answer["status"] == "error"  # which is what ends Run All
    assert "fit: interrupted after" in printed(outputs)
    assert printed(outputs).endswith("went on\n")
    assert not [kind for kind, _ in outputs if kind == "error"]  # nothing red in the cell
    assert reply(client, requests[1])["status"] == "aborted"
    answer, outputs = results(client, cell("print(len(run.losses) > 0, len(train(200).losses))"))
    assert (answer["status"], printed(outputs)) == ("ok", "True 200\n")  # and the reader goes on


def test_after_an_interrupt_no_other_training_of_that_cell_begins(kernel, cell):
    _, client = kernel
    request = cell(f"first = train({LONG})\nsecond = train(200)\nprint('not reached')")
    answer, outputs = stop(kernel, request)
    assert (answer["status"], answer["ename"]) == ("error", "KeyboardInterrupt")
    assert "does not begin" in answer["evalue"]
    assert "not reached" not in printed(outputs)
    answer, outputs = results(client, cell("print(len(first.losses) > 0, len(train(200).losses))"))
    assert printed(outputs) == "True 200\n"


def test_in_a_script_an_interrupt_ends_one_training_only(capsys):
    progress.interrupted("stopped")
    assert capsys.readouterr().out == "stopped\n"
    progress.begin()
