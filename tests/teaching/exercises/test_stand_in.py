"""A cell that fails before the check of its exercise leaves the library's answer."""

from types import SimpleNamespace

import pytest

from vae_course.autoencoder import squared_error
from vae_course.teaching import exercises
from vae_course.teaching.exercises import stand_in

CHECK = "squared_error = exercises.squared_error.check(squared_error)"
STUB = f"def squared_error(x, x_hat):\n    return (\n\n{CHECK}\n# exercises.squared_error.hint()"
OTHERS = ["1 / 0", f"# {CHECK}", "f = exercises.nothing.check(f)", "", None]


def after(source, names, success=False):
    result = SimpleNamespace(success=success, info=SimpleNamespace(raw_cell=source))
    stand_in._put(vars(exercises), names, result)
    return names


@pytest.mark.parametrize("names", [{}, {"squared_error": lambda x, x_hat: 0}])
def test_a_cell_that_fails_leaves_the_librarys_answer_and_says_so(names, capsys):
    assert after(STUB, names) == {"squared_error": squared_error}
    assert capsys.readouterr().out == (
        "squared_error: the cell stopped before the check. The notebook goes on with the library's answer.\n"
    )


@pytest.mark.parametrize(("source", "success"), [(STUB, True), *((source, False) for source in OTHERS)])
def test_other_cells_are_left_alone(source, success, capsys):
    assert after(source, {"a": 1}, success) == {"a": 1}
    assert capsys.readouterr().out == ""


def test_a_cell_of_which_nothing_is_known_is_left_alone():
    stand_in._put(vars(exercises), {}, None)
