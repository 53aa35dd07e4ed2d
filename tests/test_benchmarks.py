"""The benchmarks' page: tables and verdicts from results that are made up here. Nothing is measured."""

import json
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as command
from benchmarks import grid, growth, instruments, notebooks, page, start, training, workers

FIT = "`fit`"
TRAINING = {
    "steps": 1000,
    "runs": [
        {"name": name, "threads": threads, "first": 5.0, "short": [1.0, 2.0, 3.0], "ms": ms}
        for name, threads, ms in (
            (FIT, 1, [0.5, 0.4, 0.6]),
            (FIT, 2, [0.7, 0.8, 0.9]),
            ("PyTorch, eager", 2, [3.0, 2.5, 2.0]),
        )
    ],
    "starts": [
        {"at once": at_once, "threads": threads, "seconds": seconds}
        for at_once, threads, seconds in (
            (False, 1, [1.5, 1.5, 1.5]),
            (False, 2, [2.0, 2.0, 2.0]),
            (True, 1, [1.4, 1.4, 1.4]),
            (True, 2, [0.75, 1.0, 0.5]),
        )
    ],
    "products": [
        {"name": "jax", "threads": threads, "rates": [{str(size): top for size in training.SIZES}]}
        for threads, top in ((1, 100.0), (2, 160.0))
    ],
}
for run in TRAINING["runs"]:
    run |= {"train": [-18.0, -18.5, -17.5], "held out": [-14.0, -13.0, -13.5]}
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
GROWTH = {
    "lines": [
        {"panel": panel, "name": name, "values": values, "measured": measured}
        for panel, name, values, measured in (
            ("a training step, ms", "width", [64, 128, 256], [[1], [4], [16]]),
            ("log p(x), s", "images", [1, 10], [[1, 2, 3], [20, 20, 20]]),
        )
    ]
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
START = {"setup": [], "lab": [2.0, 3.0], "import": [1.5, 1.6]}
RESULTS = {
    "training": TRAINING,
    "grid": GRID,
    "growth": GROWTH,
    "start": START,
    "notebooks": NOTEBOOKS,
    "instruments": INSTRUMENTS,
}


def entry(results):
    about = {"date": "2020-01-02", "machine": "a machine", "load": "0.1", "versions": {"jax": "1.2"}}
    return about | {"command": "python", "quick": False, "seconds": 9.0, "results": results}


def found(goals):
    """{what: (found, met)}."""
    return {goal.what: (goal.found, goal.met) for goal in goals}


def test_a_goal_is_met_from_its_number_on_and_a_miss_does_not_read_like_a_hit():
    assert page.at_least("speed", 4.0, 4) == ("speed", "at least 4", "4", True)
    assert page.at_least("speed", 3.9999, 4)[2:] == ("3.9999", False)
    assert page.at_most("memory", 1234.0, 1200, "MB") == ("memory", "at most 1,200 MB", "1,230", False)
    assert page.at_most("memory", 800.0, 800, "MB").met


def test_verdicts_name_what_is_missed():
    lines = page.verdicts([page.at_least("speed", 3, 4, "times"), page.at_most("memory", 1, 2)])
    assert lines[2] == "| speed | at least 4 times | 3 | **missed** |"
    assert lines[3].endswith("| met |")
    assert lines[-1] == "2 goals were measured. Missed: speed: 3, asked was at least 4 times."
    assert page.verdicts([page.at_most("memory", 1, 2)])[-1].endswith("Each of them is met.")


def test_training_compares_everybody_at_the_best_number_of_threads():
    goals = found(training.goals(TRAINING))
    rate = training.FLOPS / 1e9 / 0.5e-3
    assert goals["`fit` against the fastest peer (PyTorch, eager)"] == ("5", True)
    share = 100 * rate / 160
    assert goals["`fit`: share of the machine's best matrix product"] == (page.plain(share), share >= 40)
    assert goals["three starts at once against one after the other"] == ("2", True)
    lines = training.lines(TRAINING)
    assert next(line for line in lines if line.startswith("| PyTorch")).startswith(
        "| PyTorch, eager | 2 | 2.5 (2 to 3) | 5.0 |"
    )
    assert "`fit_starts` 0.75 (0.5 to 1) s (2 threads), 2 (1.5 to 3) times as fast." in "\n".join(lines)


def test_operations_of_a_step_are_those_of_its_six_layers():
    from vae_course import models

    vae = models.new_vae(0)
    layers = [*vae.encoder.mlp.layers, *vae.decoder.decoder.mlp.layers]
    assert sum(layer.weight.size for layer in layers) == training.WEIGHTS


def test_bounds_that_differ_are_a_goal_missed():
    runs = [dict(run) for run in TRAINING["runs"]]
    runs[2]["held out"] = [-10.0, -10.5, -9.5]
    goals = training.goals(TRAINING | {"runs": runs})
    assert [goal.met for goal in goals if "bound" in goal.what] == [True, False]


def test_the_grid_is_held_against_the_fastest_numpy():
    goals = found(grid.goals(GRID))
    assert goals["log p(x) on 200 x 200 against NumPy, matrix product"] == ("4", False)
    assert goals["log p(x) on 200 x 200: largest error of an image"] == ("2e-05", True)
    assert "All but NumPy, differences agree within 0.001 nats." in "\n".join(grid.lines(GRID))


def test_every_way_to_sum_the_grid_gives_the_same():
    import numpy as np

    from vae_course import data, models

    vae, (Z, log_weights) = models.new_vae(0), grid.grid_points(30)
    X = np.array(data.load_digits().test_images[:5])
    one = grid.with_course(vae, Z, log_weights, data.load_digits().test_images[:5])
    for f in (
        grid.with_numpy,
        grid.with_numpy_differences,
        grid.with_gaussian_mixture,
        grid.with_kernel_density,
    ):
        np.testing.assert_allclose(f(vae, Z, log_weights, X), one, atol=1e-3, err_msg=f.__name__)


def test_a_slope_is_a_power():
    assert growth.slope([1, 2, 4], [3, 12, 48]) == pytest.approx(2)
    assert growth.slopes(GROWTH)["log p(x), s", "images"] == pytest.approx(1)
    assert "a training step with width: 2.00" in growth.lines(GROWTH)[0]
    assert growth.picture(GROWTH).startswith(b"\x89PNG")


def test_notebooks_and_instruments_are_judged_by_the_slowest():
    goals = found(notebooks.goals(NOTEBOOKS))
    assert goals["longest cell cold (00)"] == ("15.5", False)
    assert goals["longest cell with the cache (00)"] == ("9", True)
    assert goals["a kernel's memory (00)"] == ("900", False)
    goals = found(instruments.goals(INSTRUMENTS))
    assert goals["frames, 95th percentile, of the slowest instrument (Slow)"] == ("30", False)
    assert goals["exact posterior, 95th percentile, of the slowest instrument (Quick)"] == ("301", False)


def test_a_page_has_every_section_and_says_what_failed_or_is_old():
    stored = {name: entry(results) for name, results in RESULTS.items() if name != "grid"}
    stored["start"] = {"failed": {"date": "2020-01-03", "why": "no network."}}
    stored["training"]["failed"] = {"date": "2020-01-03", "why": "no memory."}
    stored["growth"]["results"]["absent"] = ["torch is not here."]
    text = page.page(stored, command.SECTIONS)
    assert "Not measured yet: `python -m benchmarks grid`." in text
    assert "On 2020-01-03 this could not be measured: no network.\n" in text
    assert "no memory. The numbers below are older.\n\n2020-01-02, a machine. jax 1.2." in text
    assert "- Not as it should be: torch is not here." in text
    assert "Tried, and gave nothing" in text
    assert page.QUICK not in text
    assert page.QUICK in page.page({"start": entry(START) | {"quick": True}}, command.SECTIONS)


def test_a_partial_run_keeps_the_rest_and_a_failure_keeps_what_was_there(tmp_path, monkeypatch):
    def fails(options):
        raise workers.CannotMeasure("nothing to measure with")

    store = tmp_path / "benchmarks.json"
    store.write_text(json.dumps({name: entry(results) for name, results in RESULTS.items()}))
    monkeypatch.setattr(start, "measure", fails)
    monkeypatch.setattr(instruments, "measure", lambda options: {**INSTRUMENTS, "versions": {"browser": "3"}})
    command.main(["start", "instruments", "--folder", str(tmp_path)])
    stored = json.loads(store.read_text())
    assert list(stored) == list(RESULTS)
    assert stored["training"]["date"] == "2020-01-02"
    assert stored["start"]["results"] == START
    assert stored["start"]["failed"]["why"] == "nothing to measure with"
    assert stored["instruments"]["date"] == command.today()
    assert stored["instruments"]["versions"]["browser"] == "3"
    assert "nothing to measure with. The numbers below are older." in (tmp_path / "benchmarks.md").read_text()


def test_a_section_that_there_is_not_is_said(capsys):
    with pytest.raises(SystemExit):
        command.main(["trainings"])
    assert "no section trainings; there are training, grid" in capsys.readouterr().err


@pytest.fixture
def installed(tmp_path):
    def install(**versions):
        for name, version in versions.items():
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        return workers.peers([str(tmp_path)])

    return install


def test_peers_that_are_missing_or_of_another_version_are_named(installed):
    wanted = workers.pins()["torch"]
    versions, absent = installed(flax="0.0.1", torch=f"{wanted}+cpu")
    assert versions == {"torch": f"{wanted}+cpu", "flax": "0.0.1"}
    assert absent == [f"flax is 0.0.1, and not {workers.pins()['flax']} of scripts/peers.txt."]
    assert installed()[1] == absent


def test_no_peers_are_two_sentences(installed):
    versions, absent = installed()
    assert versions == {}
    assert [sentence.split(":")[0] for sentence in absent] == [
        "torch is not installed",
        "flax is not installed",
    ]


def test_a_worker_says_why_it_cannot(monkeypatch):
    worker = workers.Worker("benchmarks.no_such_module")
    with pytest.raises(workers.CannotMeasure, match=r"no_such_module ended: .*No module named"):
        worker.ask(n=1)
    worker.close()


def test_threads_and_no_cache_are_told_to_a_worker(monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "somewhere")
    monkeypatch.setenv("NPROC", "7")
    told = workers.environment(2, peers=True)
    assert [told[name] for name in workers.OF_THREADS] == ["2"] * 4
    assert "JAX_COMPILATION_CACHE_DIR" not in told
    assert str(workers.PEERS) in told["PYTHONPATH"]
    assert "NPROC" not in workers.environment()


def test_the_first_picture_of_a_cell_is_seen():
    outputs = [
        {"data": {"text/html": "<b>no</b>"}},
        {"data": {"text/html": '<div><img alt="">'}},
        {"data": {"image/png": ""}},
    ]
    assert [notebooks.is_picture(output) for output in outputs] == [False, True, True]


def test_turns_go_there_and_back():
    assert list(workers.there_and_back(["a", "b"], 2)) == [(0, "a"), (0, "b"), (1, "b"), (1, "a")]


def test_what_is_stored_has_five_digits():
    assert command.rounded({"a": [1.23456789, (2, "b")]}) == {"a": [1.2346, [2, "b"]]}


def test_a_section_that_breaks_does_not_end_the_run():
    broken = SimpleNamespace(measure=lambda options: 1 / 0)
    options = SimpleNamespace(quick=False, setup=False)
    assert (
        command.measured("x", broken, options, {})["failed"]["why"] == "ZeroDivisionError: division by zero"
    )
