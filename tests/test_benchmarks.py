"""The benchmarks: verdicts on results that are made up here, and the stored page. Nothing is measured."""

import json
import os

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import grid, growth, instruments, notebooks, page, start, training, workers
from vae_course import data, models

FIT = "`fit`"
BOUNDS = {"train": [-18.0, -18.5, -17.5], "held out": [-14.0, -13.0, -13.5]}
TRAINING = {
    "steps": 1000,
    "runs": [
        {"name": name, "threads": threads, "first": 5.0, "short": [1.0, 2.0, 3.0], "ms": ms} | BOUNDS
        for name, threads, ms in (
            (FIT, 1, [0.5, 0.4, 0.6]),
            (FIT, 2, [0.7, 0.8, 0.9]),
            ("PyTorch, eager", 2, [3.0, 2.5, 2.0]),
        )
    ],
    "starts": [
        {"name": name, "threads": threads, "seconds": seconds}
        for name, threads, seconds in (
            (training.ONE_BY_ONE, 1, [1.5, 1.5, 1.5]),
            (training.ONE_BY_ONE, 2, [2.0, 2.0, 2.0]),
            (training.TOGETHER, 1, [1.4, 1.4, 1.4]),
            (training.TOGETHER, 2, [0.75, 1.0, 0.5]),
        )
    ],
    "products": [
        {"name": "jax", "threads": threads, "rates": {str(size): top for size in training.SIZES}}
        for threads, top in ((1, 100.0), (2, 160.0))
    ],
}
GRID = {
    "images": 300,
    "runs": [
        {"name": name, "threads": threads, "n": 200, "seconds": [seconds], "off by": off_by, "memory": 40.0}
        for name, threads, seconds, off_by in (
            ("the course", 2, 0.1, 2e-5),
            ("NumPy, matrix product", 1, 0.7, 1e-4),
            ("NumPy, matrix product", 2, 0.4, 1e-4),
            ("NumPy, differences", 2, 6.0, 0.2),
        )
    ],
}
NOTEBOOKS = {
    "runs": [
        {"notebook": "00", "way": way, "first picture": None, "which": "fit("} | numbers
        for way, numbers in (
            ("cold", {"run all": 200.0, "cell": 15.5, "memory": 700.0}),
            ("cached", {"run all": 100.0, "cell": 9.0, "memory": 900.0}),
        )
    ]
}
INSTRUMENTS = {
    "instruments": {
        "Slow": {"frames": [17.0, 30.0]},
        "Quick": {"frames": [16.0, 17.0], "first picture": [20.0, 50.0], "exact posterior": [90.0, 301.0]},
    }
}
DOCS = workers.ROOT / "docs"


def found(goals):
    """{what: (found, verdict)}."""
    return {what: (number, verdict) for what, _, number, verdict in goals}


def test_a_goal_is_met_from_its_number_on():
    assert page.goal("speed", 4.0, "at least", 4) == ["speed", "at least 4", "4", "met"]
    assert page.goal("speed", 3.9, "at least", 4, "times")[1:] == ["at least 4 times", "3.9", "**missed**"]
    assert page.goal("size", 1234.0, "at most", 1200, "MB")[1:] == ["at most 1,200 MB", "1,230", "**missed**"]
    assert page.goal("memory", 800.0, "at most", 800, "MB")[-1] == "met"


def test_training_compares_everybody_at_the_best_number_of_threads():
    goals = found(training.goals(TRAINING))
    share = 100 * training.FLOPS / 1e9 / 0.5e-3 / 160
    assert goals["`fit` against the fastest peer (PyTorch, eager)"] == ("5", "met")
    assert goals["`fit`: share of the machine's best matrix product"][0] == page.plain(share)
    assert goals["three starts at once against one after the other"] == ("2", "met")
    text = "\n".join(training.lines(TRAINING))
    assert "\n| PyTorch, eager | 2 | 2.5 (2 to 3) | 5.0 |" in text
    assert "`fit_starts` 0.75 (0.5 to 1) s (2 threads), 2 (1.5 to 3) times as fast." in text


def test_operations_of_a_step_are_those_of_its_six_layers():
    vae = models.new_vae(0)
    layers = [*vae.encoder.mlp.layers, *vae.decoder.decoder.mlp.layers]
    assert sum(layer.weight.size for layer in layers) == training.WEIGHTS


def test_each_image_is_once_in_an_epoch():
    whole = len(training.images()[0]) // training.BATCH
    first, second = (np.concatenate(list(training.batches(0, whole * n))[-whole:]) for n in (1, 2))
    assert len(set(first)) == len(set(second)) == whole * training.BATCH
    assert list(first) != list(second)


def test_bounds_that_differ_are_a_goal_missed():
    *ours, peer = TRAINING["runs"]
    goals = training.goals(TRAINING | {"runs": [*ours, peer | {"held out": [-10.0, -10.5, -9.5]}]})
    assert [verdict for what, *_, verdict in goals if "bound" in what] == ["met", "**missed**"]


def test_the_grid_is_held_against_the_fastest_numpy():
    goals = found(grid.goals(GRID))
    assert goals["log p(x) on 200 x 200 against NumPy, matrix product"] == ("4", "**missed**")
    assert goals["log p(x) on 200 x 200: largest error of an image"] == ("2e-05", "met")
    assert "All but NumPy, differences agree within 0.001 nats." in "\n".join(grid.lines(GRID))


@pytest.mark.parametrize("name", [name for name in grid.CONTENDERS if "PyTorch" not in name][1:])
def test_every_way_to_sum_the_grid_gives_the_same(name):
    vae, (Z, log_weights), X = models.new_vae(0), grid.grid_points(30), data.load_digits().test_images[:5]
    f, _ = grid.CONTENDERS[name]
    one = grid.with_course(vae, Z, log_weights, X)
    np.testing.assert_allclose(f(vae, Z, log_weights, np.array(X)), one, atol=1e-3)


def test_a_slope_is_a_power():
    line = {
        "panel": growth.STEP,
        "name": "width",
        "values": [64, 128, 256],
        "measured": [[1], [3, 4, 9], [16]],
    }
    assert growth.slopes({"lines": [line]}) == pytest.approx({(growth.STEP, "width"): 2})


def test_notebooks_and_instruments_are_judged_by_the_slowest():
    goals = found(notebooks.goals(NOTEBOOKS) + instruments.goals(INSTRUMENTS))
    assert goals["longest cell cold (00)"] == ("15.5", "**missed**")
    assert goals["longest cell with the cache (00)"] == ("9", "met")
    assert goals["a kernel's memory (00)"] == ("900", "**missed**")
    assert goals["frames, 95th percentile, of the slowest instrument (Slow)"] == ("30", "**missed**")
    exact = goals["exact posterior, 95th percentile, of the slowest instrument (Quick)"]
    assert exact == ("301", "**missed**")


def test_the_page_is_what_the_stored_numbers_say():
    stored = json.loads((DOCS / "benchmarks.json").read_text())
    assert page.page(stored, command.SECTIONS) == (DOCS / "benchmarks.md").read_text()
    assert list(stored) == list(command.SECTIONS)
    stored["training"]["results"]["absent"] = ["torch is not here."]
    assert "\nNot as it should be: torch is not here.\n\n" in page.page(stored, command.SECTIONS)


def test_a_partial_run_keeps_the_rest_and_a_failure_keeps_what_was_there(tmp_path, monkeypatch, capsys):
    before = (DOCS / "benchmarks.json").read_text()
    (tmp_path / "benchmarks.json").write_text(before)
    again = INSTRUMENTS | {"versions": {"browser": "3"}, "digits": [1.23456789]}
    monkeypatch.setattr(start, "measure", lambda options: 1 / 0)
    monkeypatch.setattr(instruments, "measure", lambda options: again)
    assert command.main(["start", "instruments"], tmp_path) == ["start"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    *rest, last, _ = (tmp_path / "benchmarks.json").read_text().splitlines()
    assert rest == before.splitlines()[:-2]
    measured = json.loads("{" + last + "}")["instruments"]
    assert measured["versions"]["browser"] == "3"
    assert measured["results"]["digits"] == [1.2346]
    assert "| Slow | 17, 30 |" in (tmp_path / "benchmarks.md").read_text()
    assert (tmp_path / "benchmarks.png").read_bytes().startswith(b"\x89PNG")


def test_a_section_that_there_is_not_is_said(capsys):
    with pytest.raises(SystemExit):
        command.main(["trainings"])
    assert "no section trainings; there are training, grid" in capsys.readouterr().err


def test_peers_are_named_with_their_version_or_as_missing(tmp_path, monkeypatch):
    folder = tmp_path / "flax-0.0.1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: flax\nVersion: 0.0.1\n")
    monkeypatch.setattr(workers, "PEERS", tmp_path)
    versions, absent = workers.peers("no-such-peer", "flax")
    assert versions == {"flax": "0.0.1"}
    assert absent == ["no-such-peer is not installed: `make peers` installs it."]


def test_a_worker_has_its_own_number_of_threads_and_no_cache(monkeypatch):
    for name in workers.FORGOTTEN:
        monkeypatch.setenv(name, "7")
    workers.forget()
    with workers.worker(2) as process:
        for name in workers.OF_THREADS:
            assert process.submit(os.getenv, name).result() == "2"
        assert process.submit(os.getenv, "JAX_COMPILATION_CACHE_DIR").result() is None
        with pytest.raises(ZeroDivisionError):
            process.submit(divmod, 1, 0).result()


def test_the_first_picture_of_a_cell_is_seen():
    outputs = [
        {"data": {"text/html": "<b>no</b>"}},
        {"data": {"text/html": '<div><img alt="">'}},
        {"data": {"image/png": ""}},
    ]
    assert [notebooks.is_picture(output) for output in outputs] == [False, True, True]


def test_turns_go_there_and_back():
    there, back = [(0, "a"), (0, "b")], [(1, "b"), (1, "a")]
    assert list(workers.turns("", ["a", "b"], 3)) == [*there, *back, (2, "a"), (2, "b")]
