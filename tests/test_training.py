"""`fit` against minima that are known, and everything that can go wrong while it runs."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.linalg
from sklearn.decomposition import PCA

from vae_course import progress
from vae_course.data import load_digits
from vae_course.losses import autoencoder_loss
from vae_course.models import Decoder, LinearDecoder, LinearEncoder
from vae_course.training import TrainingDiverged, climb, fit, fit_starts, gradient_step


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global KEY, POINTS
    KEY = jax.random.key(0)
    POINTS = jnp.array([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0]])


def distance(m, x, key):
    return jnp.sum((x - m) ** 2)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("CI", "1")


# What it reaches


@pytest.mark.parametrize("seed", [0, 1])
def test_the_linear_autoencoder_becomes_pca(seed):
    images = load_digits().train_images
    encoder_key, decoder_key, fit_key = jax.random.split(jax.random.key(seed), 3)
    model = (LinearEncoder(key=encoder_key), LinearDecoder(key=decoder_key))

    steps = 3000
    adam = optax.adam(optax.cosine_decay_schedule(0.1, steps))
    trained, losses, _ = fit(model, autoencoder_loss, images, key=fit_key, steps=steps, optimizer=adam)

    pca = PCA(2).fit(np.asarray(images, np.float64))
    left = np.asarray(images) - pca.inverse_transform(pca.transform(np.asarray(images)))
    optimum = (left**2).sum(axis=1).mean()
    assert abs(losses[-1] / optimum - 1) < 1e-4
    columns = np.asarray(trained[1].linear.weight, np.float64)  # (64, 2)
    angles = scipy.linalg.subspace_angles(columns, pca.components_.T)
    assert angles.max() < 1e-2


def test_a_quadratic_reaches_its_minimum():
    a = jnp.array([[3.0, 1.0], [1.0, 2.0]])
    b = jnp.array([1.0, -2.0])

    def loss(w, x, key):
        return 0.5 * w @ a @ w - x @ w

    adam = optax.adam(optax.cosine_decay_schedule(0.1, 1000))
    model, losses, _ = fit(jnp.zeros(2), loss, b[None], key=KEY, steps=1000, optimizer=adam)
    minimiser = np.linalg.solve(a, b)
    np.testing.assert_allclose(model, minimiser, atol=1e-4)
    np.testing.assert_allclose(losses[-1], -0.5 * b @ minimiser, rtol=1e-5)


def test_batches_reach_the_mean_of_the_data_too():
    data = jax.random.normal(jax.random.key(1), (500, 3)) + jnp.array([[1.0, 2.0, 3.0]])
    adam = optax.adam(optax.cosine_decay_schedule(0.1, 2000))
    result = fit(jnp.zeros(3), distance, data, key=KEY, steps=2000, batch_size=20, optimizer=adam)
    np.testing.assert_allclose(result.model, data.mean(axis=0), atol=0.05)


def test_one_step_of_plain_gradient_descent_is_numpys():
    m = np.array([1.0, 1.0], np.float32)
    result = fit(jnp.asarray(m), distance, POINTS, key=KEY, steps=1, optimizer=optax.sgd(0.25))
    gradient = (2 * (m - np.asarray(POINTS))).mean(axis=0)
    np.testing.assert_allclose(result.model, m - 0.25 * gradient, rtol=1e-6)


def test_data_may_be_a_pytree_whose_parts_stay_together():
    images = jax.random.normal(jax.random.key(1), (6, 3))
    indices = jnp.arange(6)

    def loss(codes, example, key):
        x, i = example
        return jnp.sum((x - codes[i]) ** 2)

    adam = optax.adam(optax.cosine_decay_schedule(0.1, 2000))
    for batch_size in (None, 4):
        result = fit(
            jnp.zeros((6, 3)),
            loss,
            (images, indices),
            key=KEY,
            steps=2000,
            optimizer=adam,
            batch_size=batch_size,
        )
        np.testing.assert_allclose(result.model, images, atol=1e-2)


def test_every_example_and_every_step_gets_its_own_key():
    def loss(m, x, key):
        return jax.random.uniform(key) + 0 * m.sum()

    losses = fit(jnp.zeros(1), loss, jnp.zeros((50, 1)), key=KEY, steps=200).losses
    assert len(np.unique(losses)) > 190
    assert abs(np.std(losses) - 1 / np.sqrt(12 * 50)) < 0.01  # as of 50 independent draws


def test_no_key_is_used_twice():
    def loss(m, x, key):
        return distance(m, x, key) + jax.random.normal(key)

    with jax.debug_key_reuse(True):
        fit(jnp.zeros(2), loss, POINTS, key=KEY, steps=3, batch_size=2)


def test_a_loss_for_the_whole_batch_is_the_mean_of_one_for_each_example():
    def over_all(m, X, key):
        return jax.vmap(distance, (None, 0, None))(m, X, key).mean()

    for batch_size in (None, 2):
        one = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=120, batch_size=batch_size)
        all_ = fit(jnp.ones(2), over_all, POINTS, key=KEY, steps=120, batch_size=batch_size, whole_batch=True)
        np.testing.assert_allclose(all_.losses, one.losses, rtol=1e-5)
        np.testing.assert_allclose(all_.model, one.model, rtol=1e-5)


def test_stopping_at_marks_changes_nothing_and_keeps_the_model_of_each():
    whole = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=250, optimizer=optax.adam(0.01))
    run = fit(
        jnp.ones(2), distance, POINTS, key=KEY, steps=250, optimizer=optax.adam(0.01), marks=(30, 100, 250)
    )
    np.testing.assert_array_equal(run.losses, whole.losses)  # Adam's state was not forgotten
    np.testing.assert_array_equal(run.model, whole.model)
    for mark, model in zip((30, 100), run.at_marks, strict=False):
        shorter = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=mark, optimizer=optax.adam(0.01))
        np.testing.assert_array_equal(model, shorter.model)
    np.testing.assert_array_equal(run.at_marks[2], run.model)


def test_several_starts_at_once_are_what_each_is_alone():
    models = [Decoder(key=jax.random.key(seed), pixels=4, width=3) for seed in range(3)]
    keys, data = jax.random.split(KEY, 3), jax.random.normal(KEY, (20, 2))

    def loss(model, z, key):
        return jnp.sum((model(z) - z.sum()) ** 2) + 0.1 * jax.random.normal(key)

    options = {"steps": 120, "batch_size": 4, "marks": (40,)}
    together = fit_starts(models, loss, data, keys=keys, **options)
    for run, model, key in zip(together, models, keys, strict=True):
        alone = fit(model, loss, data, key=key, **options)
        np.testing.assert_array_equal(run.losses, alone.losses)
        for mine, other in ((run.model, alone.model), (run.at_marks[0], alone.at_marks[0])):
            assert isinstance(mine, Decoder)
            np.testing.assert_array_equal(mine(data[0]), other(data[0]))


def test_a_start_that_diverges_is_found_among_others():
    def loss(w, x, key):
        return jnp.where(w < 0, jnp.nan, w)

    starts = [jnp.asarray(99.0), jnp.asarray(1.75)]
    with pytest.raises(TrainingDiverged, match=r"nan at step 4; one step before it was 0\.25"):
        fit_starts(starts, loss, jnp.zeros((1, 1)), keys=[KEY, KEY], steps=50, optimizer=optax.sgd(0.5))


def test_a_batch_larger_than_the_data():
    with pytest.raises(
        ValueError, match=r"`batch_size` must be at most the number of examples, \d+, got 9999"
    ):
        fit(jnp.ones(2), distance, POINTS, key=KEY, steps=3, batch_size=9999)


def test_no_starts():
    with pytest.raises(ValueError, match="`keys` must be one for each of 0 models, at least 1, got 0"):
        fit_starts([], distance, POINTS, keys=[], steps=3)


@pytest.mark.parametrize("n_keys", [0, 1, 3])
def test_several_starts_need_a_key_each(n_keys):
    with pytest.raises(ValueError, match=f"`keys` must be one for each of 2 models.*got {n_keys}"):
        fit_starts([jnp.ones(2)] * 2, distance, POINTS, keys=[KEY] * n_keys, steps=3)


@pytest.mark.parametrize("seed", range(3))
def test_a_climb_ends_at_the_top_of_a_hill(seed):
    top = jax.random.normal(jax.random.key(seed), (2,))

    def hill(point):
        return -jnp.sum((point["a"] - top) ** 2) - (point["b"] - 1) ** 4

    start = {"a": jnp.zeros(2), "b": jnp.zeros(())}
    end = jax.jit(lambda start: climb(hill, start, steps=300, learning_rate=0.05))(start)
    np.testing.assert_allclose(end["a"], top, atol=1e-2)
    np.testing.assert_allclose(end["b"], 1, atol=0.1)


def test_gradient_step_against_numpy():
    params = {"w": POINTS, "b": jnp.array([1.0, 2.0])}
    gradients = {"w": 2 * POINTS + 1, "b": jnp.array([-1.0, 3.0])}
    stepped = gradient_step(params, gradients, 0.1)
    for name in params:
        np.testing.assert_allclose(
            stepped[name], np.asarray(params[name]) - 0.1 * np.asarray(gradients[name]), rtol=1e-6
        )


# What it gives back


@pytest.mark.parametrize("steps", [1, 99, 100, 101, 250])
def test_one_loss_a_step_and_the_first_is_the_given_models(steps):
    losses = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=steps).losses
    assert losses.shape == (steps,)
    expected = ((np.asarray(POINTS) - 1) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(losses[0], expected, rtol=1e-6)


def test_the_given_model_is_never_changed_and_the_type_stays():
    model = Decoder(key=KEY, pixels=4, width=3)
    before = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(model) if isinstance(leaf, jax.Array)]
    trained, *_ = fit(model, lambda model, z, key: model(z).sum(), jnp.ones((5, 2)), key=KEY, steps=150)
    after = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(model) if isinstance(leaf, jax.Array)]
    assert before == after
    assert isinstance(trained, Decoder)
    assert trained(jnp.ones(2)).sum() < model(jnp.ones(2)).sum()


def test_the_same_key_gives_the_same_result_and_another_key_another():
    def run(key):
        return fit(jnp.zeros(2), distance, POINTS, key=key, steps=120, batch_size=2)

    first, again, other = run(KEY), run(jax.random.key(0)), run(jax.random.key(1))
    np.testing.assert_array_equal(first.model, again.model)
    np.testing.assert_array_equal(first.losses, again.losses)
    assert (first.losses != other.losses).any()


def test_only_floats_are_trained():
    model = {"m": jnp.zeros(2), "count": jnp.arange(3), "name": "mean"}
    trained, *_ = fit(model, lambda model, x, key: distance(model["m"], x, key), POINTS, key=KEY, steps=5)
    np.testing.assert_array_equal(trained["count"], [0, 1, 2])
    assert trained["name"] == "mean"
    assert (trained["m"] != 0).any()


# What it does when things go wrong


@pytest.mark.parametrize("bad_step", [0, 7, 100, 130])
def test_a_loss_that_is_not_finite_stops_and_names_its_step(bad_step):
    def loss(w, x, key):  # w falls by one half a step, exactly
        return jnp.where(w < 0, jnp.nan, w)

    start = jnp.asarray(bad_step / 2 - 0.25)
    with pytest.raises(TrainingDiverged, match=f"nan at step {bad_step}[.;]") as error:
        fit(start, loss, jnp.zeros((1, 1)), key=KEY, steps=300, optimizer=optax.sgd(0.5))
    assert ("one step before it was 0.25" in str(error.value)) == (bad_step > 0)


def test_an_interrupt_gives_back_what_there_is(monkeypatch, capsys):
    whole = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=400)
    updates = []

    class Bar(progress.Bar):
        def update(self, n=1):
            updates.append(n)
            if len(updates) == 2:
                raise KeyboardInterrupt
            return super().update(n)

    monkeypatch.setattr(progress, "Bar", Bar)
    model, losses, _ = fit(jnp.ones(2), distance, POINTS, key=KEY, steps=400)
    assert capsys.readouterr().out == (
        "fit: interrupted after 200 of 400 steps; this is the model as it was then.\n"
    )
    np.testing.assert_array_equal(losses, whole.losses[:200])
    monkeypatch.undo()
    monkeypatch.setenv("CI", "1")
    error = np.mean(((np.asarray(POINTS) - np.asarray(model)) ** 2).sum(axis=1))
    np.testing.assert_allclose(error, whole.losses[200], rtol=1e-5)  # the model after 200 steps


def test_an_interrupt_stops_all_starts(monkeypatch, capsys):
    class Bar(progress.Bar):
        def update(self, n=1):
            raise KeyboardInterrupt

    monkeypatch.setattr(progress, "Bar", Bar)
    runs = fit_starts([jnp.ones(2)] * 3, distance, POINTS, keys=[KEY] * 3, steps=10**6)
    assert "interrupted after 100 of 1,000,000 steps" in capsys.readouterr().out
    assert all(len(run.losses) < 10**6 for run in runs)


def test_an_interrupt_before_the_first_chunk_gives_the_model_back(capsys):
    def interrupted(m, x, key):  # while the loop is compiled
        raise KeyboardInterrupt

    model, losses, _ = fit(jnp.ones(2), interrupted, POINTS, key=KEY, steps=400)
    np.testing.assert_array_equal(model, [1.0, 1.0])
    assert losses.shape == (0,)
    assert "interrupted after 0 of 400 steps" in capsys.readouterr().out


def test_it_is_silent_under_ci(capfd):
    fit(jnp.ones(2), distance, POINTS, key=KEY, steps=250)
    assert capfd.readouterr() == ("", "")


def test_it_shows_a_bar_with_the_loss_otherwise(monkeypatch, capfd):
    monkeypatch.delenv("CI")
    monkeypatch.setattr(progress, "DELAY", 0)
    at_each_update = functools.partialmethod(progress.tqdm.__init__, mininterval=0, miniters=1)
    monkeypatch.setattr(progress.tqdm, "__init__", at_each_update)
    fit(jnp.ones(2), distance, POINTS, key=KEY, steps=250)
    out, err = capfd.readouterr()
    assert out == ""
    assert "of 250 steps" in err
    assert "loss " in err


@pytest.mark.parametrize(
    ("changed", "error", "named"),
    [
        ({"model": None}, TypeError, "`model`.*floats"),
        ({"model": {"a": np.arange(3)}}, TypeError, "`model`.*floats"),
        ({"loss": 3}, TypeError, "`loss` must be a function.*got int"),
        ({"loss": lambda m, x, key: x}, TypeError, r"`loss` must return one number.*\(2,\)"),
        ({"loss": lambda m, x, key: None}, TypeError, "`loss` must return one number.*None"),
        ({"loss": lambda m, x, key: {"a": 1.0}}, TypeError, "`loss` must return one number.*'a'"),
        ({"data": [1.0, 2.0]}, ValueError, r"`data` must be arrays.*\[\(\), \(\)\]"),
        ({"data": None}, ValueError, "`data` must be arrays"),
        ({"data": np.zeros((0, 2))}, ValueError, r"`data`.*at least 1.*\(0, 2\)"),
        ({"data": (np.zeros((3, 2)), np.zeros(4))}, ValueError, r"`data`.*\(3, 2\), \(4,\)"),
        ({"data": (np.zeros((3, 2)), np.zeros(()))}, ValueError, r"`data`.*\(3, 2\), \(\)"),
        ({"key": 0}, TypeError, "`key` must be one key.*got 0"),
        ({"key": np.zeros(2, np.uint32)}, TypeError, "`key` must be one key"),
        ({"steps": 0}, ValueError, "`steps`.*got 0"),
        ({"steps": 1e3}, ValueError, "`steps`.*got 1000.0"),
        ({"steps": None}, ValueError, "`steps`.*got None"),
        ({"batch_size": 0}, ValueError, "`batch_size`.*got 0"),
        ({"batch_size": "all"}, ValueError, "`batch_size`.*got 'all'"),
        ({"optimizer": optax.adam}, TypeError, "`optimizer` must be a GradientTransformation.*got function"),
        ({"marks": (2, 9)}, ValueError, "`marks` must be a whole number from 1 to 3, got 9"),
        ({"marks": (0,)}, ValueError, "`marks`.*got 0"),
        ({"loss": lambda m, x, key: x, "whole_batch": True}, TypeError, "`loss` must return one number"),
    ],
)
def test_bad_arguments_are_named(changed, error, named):
    given = {"model": jnp.ones(2), "loss": distance, "data": POINTS, "key": KEY, "steps": 3}
    with pytest.raises(error, match=named):
        fit(**{**given, **changed})


@pytest.mark.parametrize("learning_rate", ["0.1", None, np.ones(2)])
def test_gradient_step_names_a_bad_learning_rate(learning_rate):
    with pytest.raises(TypeError, match="parameter 'learning_rate'"):
        gradient_step(POINTS, POINTS, learning_rate)


def test_gradient_step_wants_two_trees_of_one_structure():
    with pytest.raises(ValueError, match="structure"):
        gradient_step({"a": POINTS}, {"b": POINTS}, 0.1)
