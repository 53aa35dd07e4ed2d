"""Every exercise of every notebook: the solution passes, each mistake is told apart, the stub is known."""

import inspect

import jax
import jax.numpy as jnp
import pytest

from vae_course import exercises
from vae_course.exercises.checker import Exercise, Outcome

ALL = {name: getattr(exercises, name) for name in exercises.__all__}
MISTAKES = [(name, i) for name, exercise in ALL.items() for i in range(len(exercise.mistakes))]


# The solutions written by hand, as a learner would.


def blend(x_a, x_b, t):
    return x_a + t * (x_b - x_a)


def gradient_step(params, gradients, learning_rate):
    return jax.tree.map(lambda p, g: p - g * learning_rate, params, gradients)


def sample(m, s, key):
    return m + s * jax.random.normal(key, m.shape)


def squared_error(x, x_hat):
    difference = x - x_hat
    return (difference * difference).sum()


def reconstruct(encoder, decoder, x):
    return decoder(encoder(x))


def linear_optimum(X, k):
    centred = X - X.mean(axis=0)[None]
    singular_values = jnp.linalg.svd(centred, compute_uv=False)
    return jnp.sum(singular_values[k:] ** 2) / len(X)


def log_likelihood(model, x, z):
    variance = model.sigma**2
    return -jnp.sum((x - model(z)) ** 2) / variance / 2 - len(x) / 2 * jnp.log(2 * jnp.pi * variance)


def log_joint(model, x, z):
    return log_likelihood(model, x, z) - jnp.dot(z, z) / 2 - len(z) / 2 * jnp.log(2 * jnp.pi)


def best_sigma(X, X_hat):
    N, d = X.shape
    return jnp.linalg.norm(X - X_hat) / jnp.sqrt(N * d)


def rescale(W, b, Z, c):
    return W * (1 / c), b, Z * c


def log_mean_exp(log_values):
    top = jnp.max(log_values)
    return top + jnp.log(jnp.mean(jnp.exp(log_values - top)))


def bayes_on_grid(log_likelihood, log_prior, cell_area):
    joint = log_likelihood + log_prior
    relative = jnp.exp(joint - joint.max())
    return jnp.log(relative / relative.sum() / cell_area)


def log_importance_weight(model, x, z, m, s):
    log_q = -jnp.sum(((z - m) / s) ** 2 / 2 + jnp.log(s * jnp.sqrt(2 * jnp.pi)))
    return log_joint(model, x, z) - log_q


def kl_on_grid(log_q, log_p, cell_area):
    log_ratio = (log_q - log_p).ravel()
    return jnp.dot(jnp.exp(log_q).ravel() * cell_area, log_ratio)


def elbo_sample(model, x, m, s, key):
    z = m - s * jax.random.normal(jax.random.split(key)[0], m.shape)
    return log_importance_weight(model, x, z, m, s)


def gaussian_head(h):
    k = len(h) // 2
    return h[:k], jnp.e ** h[k:]


def kl_to_prior(m, s):
    return (s @ s + m @ m - len(m)) / 2 - jnp.log(jnp.prod(s))


def reparametrized_gradient(f, m, s, key):
    eps = jax.random.normal(jax.random.split(key)[1], m.shape)
    slope = jax.grad(f)(m + s * eps)
    return slope, slope * eps


def elbo(model, x, m, s, key):
    z = sample(m, s, jax.random.split(key)[1])
    return log_likelihood(model, x, z) - kl_to_prior(m, s)


HAND_WRITTEN = [
    blend,
    gradient_step,
    sample,
    squared_error,
    reconstruct,
    linear_optimum,
    log_likelihood,
    log_joint,
    best_sigma,
    rescale,
    log_mean_exp,
    bayes_on_grid,
    log_importance_weight,
    kl_on_grid,
    elbo_sample,
    gaussian_head,
    kl_to_prior,
    reparametrized_gradient,
    elbo,
]


def test_every_exercise_has_a_hand_written_solution_here():
    assert {f.__name__ for f in HAND_WRITTEN} == set(ALL)
    assert all(isinstance(exercise, Exercise) and exercise.name == name for name, exercise in ALL.items())


@pytest.mark.parametrize("f", HAND_WRITTEN, ids=lambda f: f.__name__)
def test_the_hand_written_solution_is_right_and_comes_back_itself(f, capsys):
    assert ALL[f.__name__].check(f) is f
    assert capsys.readouterr().out.startswith(f"{f.__name__}: correct. ")


@pytest.mark.parametrize("name", ALL)
def test_the_librarys_function_under_another_name_is_right(name):
    solution = inspect.unwrap(ALL[name].library)
    assert ALL[name].check(solution) is solution


@pytest.mark.parametrize(("name", "i"), MISTAKES)
def test_each_mistake_gets_its_own_diagnosis(name, i, capsys):
    mistake = ALL[name].mistakes[i]
    copy = lambda *inputs: mistake.gives(*inputs)  # noqa: E731
    assert ALL[name].check(copy) is ALL[name].library
    goes_on = "The notebook goes on with the library's function."
    assert capsys.readouterr().out == f"{name}: {Outcome.MISTAKE}.\n{mistake.says}\n{goes_on}\n"


@pytest.mark.parametrize("name", ALL)
def test_the_stub_is_not_attempted(name, capsys):
    assert ALL[name].check(lambda *inputs: ...) is ALL[name].library
    expected = f"{name}: not attempted yet. The notebook goes on with the library's function.\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("name", ALL)
def test_inputs_are_the_same_every_time_and_there_are_several(name):
    first, again = (jax.tree.leaves(ALL[name].inputs()) for _ in range(2))
    assert len(ALL[name].inputs()) >= 2
    for a, b in zip(first, again, strict=True):
        same = a == b if not isinstance(a, jax.Array) else bool((a == b).all())
        assert same


@pytest.mark.parametrize("name", ALL)
def test_hints_and_solution_are_there(name, capsys):
    assert 2 <= len(ALL[name].hints) <= 4
    ALL[name].solution()
    assert capsys.readouterr().out.startswith(f"def {name}(")


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (
            lambda m, s, key: m + s * jax.random.normal(jax.random.key(7), m.shape),
            "Every key gives the same noise",
        ),
        (lambda m, s, key: m + s * jnp.ones(8), "Every key gives the same noise"),
        (
            lambda m, s, key: m + s * jax.random.normal(jax.random.split(key)[0]),
            "Every pixel gets the same noise",
        ),
    ],
)
def test_a_samplers_mistake_is_known_whatever_key_the_learner_took(f, says):
    outcome, text = exercises.sample.diagnose(f)
    assert outcome is Outcome.MISTAKE
    assert text.startswith(says)


@pytest.mark.parametrize(
    "f",
    [
        lambda m, s, key: m + s * jax.random.normal(jax.random.split(key)[1], m.shape),
        lambda m, s, key: m - s * jax.random.normal(key, m.shape),
        lambda m, s, key: m + s * jnp.stack([jax.random.normal(k) for k in jax.random.split(key, len(m))]),
    ],
)
def test_a_sampler_may_use_its_key_as_it_likes(f):
    assert exercises.sample.check(f) is f


@pytest.mark.parametrize(
    "rule", [lambda p, g, rate: {k: p[k] - rate * g[k] for k in p}, lambda p, g, rate: p["w"]]
)
def test_a_gradient_step_that_fits_only_a_dict_is_told_where_it_fails(rule):
    outcome, text = exercises.gradient_step.diagnose(rule)
    assert outcome is Outcome.RAISED
    assert "of your cell:" in text


def test_the_order_of_encoder_and_decoder_is_told():
    outcome, text = exercises.reconstruct.diagnose(lambda encoder, decoder, x: decoder(x))
    assert outcome is Outcome.MISTAKE
    assert "encoder comes first" in text


@pytest.mark.parametrize("name", ["elbo_sample", "elbo", "reparametrized_gradient"])
def test_a_random_functions_solution_may_use_its_key_as_it_likes(name):
    f = lambda *inputs: ALL[name].library(*inputs[:-1], jax.random.fold_in(inputs[-1], 5))  # noqa: E731
    assert ALL[name].check(f) is f


def test_the_elbo_is_asked_without_a_beta():
    assert repr(exercises.elbo).startswith("Exercise: write elbo(model, x, m, s, key). ")
    outcome, text = exercises.elbo.diagnose(lambda model, x, m, s, key: 0.1 * jnp.sum(x))
    assert outcome is Outcome.DIFFERENT
    assert text.startswith("For model = GaussianDecoder, x = [")


def test_a_kl_on_a_grid_written_as_an_average_over_q_is_right():
    f = lambda log_q, log_p, cell_area: jnp.sum((log_q - log_p) * jnp.exp(log_q + jnp.log(cell_area)))  # noqa: E731
    assert exercises.kl_on_grid.check(f) is f


def test_linear_optimum_written_from_what_pca_keeps_is_right():
    def f(X, k):
        covariance = jnp.cov(X.T, bias=True)
        return jnp.trace(covariance) - jnp.sum(jnp.linalg.eigvalsh(covariance)[::-1][:k])

    assert exercises.linear_optimum.check(f) is f
