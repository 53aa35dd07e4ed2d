"""Every exercise of every notebook: the solution passes, each mistake is told apart, the stub is known."""

import inspect
import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp

from vae_course import elbo, gaussian, map_latents, marginal, models
from vae_course.teaching import exercises
from vae_course.teaching.exercises import answers, catalogue, general
from vae_course.teaching.exercises.checker import Exercise, Function, Outcome

EVERY = {name: each for name in exercises.__all__ if isinstance(each := getattr(exercises, name), Exercise)}
ALL = {name: each for name, each in EVERY.items() if isinstance(each, Function)}
MISTAKES = [(name, i) for name, exercise in ALL.items() for i in range(len(exercise.mistakes))]


# The solutions written by hand, as a learner would.


def squared_distances(X, Y):
    return jax.vmap(lambda x: jax.vmap(lambda y: jnp.sum((y - x) ** 2))(Y))(X)


def gradient_step(params, gradients, learning_rate):
    return jax.tree.map(lambda p, g: p - g * learning_rate, params, gradients)


def sample(m, s, key):
    return m + s * jax.random.normal(key, m.shape)


def squared_error(x, x_hat):
    difference = x - x_hat
    return (difference * difference).sum()


def walk(encoder, decoder, x_a, x_b, t):
    z_a = encoder(x_a)
    return decoder(z_a + t * (encoder(x_b) - z_a))


def linear_optimum(X, k):
    centred = X - X.mean(axis=0)[None]
    singular_values = jnp.linalg.svd(centred, compute_uv=False)
    return jnp.sum(singular_values[k:] ** 2) / len(X)


def log_likelihood(model, x, z):
    variance = model.sigma**2
    return -jnp.sum((x - model(z)) ** 2) / variance / 2 - len(x) / 2 * jnp.log(2 * jnp.pi * variance)


def log_joint_of_set(model, X, Z):
    likelihoods = jax.vmap(log_likelihood, in_axes=(None, 0, 0))(model, X, Z)
    return likelihoods.sum() - jnp.sum(Z * Z) / 2 - Z.size / 2 * jnp.log(2 * jnp.pi)


def best_sigma(X, X_hat):
    N, d = X.shape
    return jnp.linalg.norm(X - X_hat) / jnp.sqrt(N * d)


def rescale(W, b, Z, c):
    return W * (1 / c), b, Z * c


def log_mean_exp(log_values):
    top = jnp.max(log_values)
    return top + jnp.log(jnp.mean(jnp.exp(log_values - top)))


def log_evidence(log_joint, cell_area):
    return log_mean_exp(log_joint.ravel()) + jnp.log(cell_area * log_joint.size)


def bayes_on_grid(log_likelihood, log_prior, cell_area):
    joint = log_likelihood + log_prior
    top = joint.max()
    return joint - top - jnp.log(jnp.sum(jnp.exp(joint - top))) - jnp.log(cell_area)


def log_importance_weight(model, x, z, m, s):
    log_q = -jnp.sum(((z - m) / s) ** 2 / 2 + jnp.log(s * jnp.sqrt(2 * jnp.pi)))
    log_joint = log_likelihood(model, x, z) - jnp.dot(z, z) / 2 - len(z) / 2 * jnp.log(2 * jnp.pi)
    return log_joint - log_q


def kl_on_grid(log_q, log_p, cell_area):
    log_ratio = (log_q - log_p).ravel()
    return jnp.dot(jnp.exp(log_q).ravel() * cell_area, log_ratio)


def elbo_estimate(model, x, m, s, key):
    z = m - s * jax.random.normal(jax.random.split(key)[0], m.shape)
    return log_importance_weight(model, x, z, m, s)


def gaussian_head(h):
    k = len(h) // 2
    return h[:k], jnp.e ** h[k:]


def log_mixture_weight(model, x, z, m, s, prior_share):
    log_w = jnp.stack([log_importance_weight(model, x, z, m, s), log_likelihood(model, x, z)])
    shares = jnp.stack([1 - prior_share, prior_share])
    return -logsumexp(jnp.log(shares) - log_w)


def kl_to_prior(m, s):
    return (s @ s + m @ m - len(m)) / 2 - jnp.log(jnp.prod(s))


def reparametrized_gradient(f, m, s, key):
    eps = jax.random.normal(jax.random.split(key)[1], m.shape)
    slope = jax.grad(f)(m + s * eps)
    return slope, slope * eps


def log_bernoulli(x, p):
    return jnp.sum(jnp.log(jnp.where(x == 1, p, 1 - p)))


def importance_bound(log_w):
    largest = log_w.max(axis=1, keepdims=True)
    return jnp.mean(jnp.log(jnp.mean(jnp.exp(log_w - largest), axis=1)) + largest[:, 0])


def elbo_analytic_kl(model, x, m, s, key):
    z = sample(m, s, jax.random.split(key)[1])
    return log_likelihood(model, x, z) - kl_to_prior(m, s)


def vae_loss(vae, x, key):
    m, s = vae.encoder(x)
    z = m - s * jax.random.normal(jax.random.split(key)[0], m.shape)
    return kl_to_prior(m, s) - log_likelihood(vae.decoder, x, z)


def new_image(model, key):
    one, other = jax.random.split(key)
    x_hat = model(jax.random.normal(other, (model.latents,)))
    return x_hat - model.sigma * jax.random.normal(one, x_hat.shape)


HAND_WRITTEN = [
    squared_distances,
    gradient_step,
    sample,
    squared_error,
    walk,
    linear_optimum,
    log_likelihood,
    log_joint_of_set,
    best_sigma,
    rescale,
    log_evidence,
    log_mean_exp,
    bayes_on_grid,
    log_importance_weight,
    importance_bound,
    log_bernoulli,
    kl_on_grid,
    elbo_estimate,
    gaussian_head,
    log_mixture_weight,
    kl_to_prior,
    reparametrized_gradient,
    elbo_analytic_kl,
    vae_loss,
    new_image,
]


def test_every_exercise_has_a_hand_written_solution_here():
    assert {f.__name__ for f in HAND_WRITTEN} == set(ALL)
    assert all(exercise.name == name for name, exercise in EVERY.items())


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


@pytest.mark.parametrize("name", EVERY)
def test_hints_and_solution_are_there(name, capsys):
    assert 2 <= len(EVERY[name].hints) <= 4
    EVERY[name].solution()
    assert capsys.readouterr().out.startswith(f"def {name}(" if name in ALL else f"{name} = ")


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (
            lambda m, s, key: m + s * jax.random.normal(jax.random.key(7), m.shape),
            "Every key gives the same noise",
        ),
        (lambda m, s, key: m + s * jnp.ones(m.shape), "Every key gives the same noise"),
        (
            lambda m, s, key: m + s * jax.random.normal(jax.random.split(key)[0]),
            "All entries get the same noise",
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
    "rule",
    [
        lambda p, g, rate: {k: p[k] - rate * g[k] for k in p} if isinstance(p, dict) else p - rate * g,
        lambda p, g, rate: (
            tuple(a - rate * b for a, b in zip(p, g, strict=True)) if isinstance(p, tuple) else p - rate * g
        ),
    ],
)
def test_a_gradient_step_that_fits_only_some_pytrees_is_told_where_it_fails(rule):
    outcome, text = exercises.gradient_step.diagnose(rule)
    assert outcome is Outcome.RAISED
    assert "of your cell:" in text
    assert "It was given params = " in text


def test_the_order_of_encoder_and_decoder_is_told():
    outcome, text = exercises.walk.diagnose(
        lambda encoder, decoder, x_a, x_b, t: decoder((1 - t) * x_a + t * x_b)
    )
    assert outcome is Outcome.MISTAKE
    assert "through the encoder first" in text


@pytest.mark.parametrize("name", ["elbo_estimate", "elbo_analytic_kl", "reparametrized_gradient"])
def test_a_random_functions_solution_may_use_its_key_as_it_likes(name):
    f = lambda *inputs: ALL[name].library(*inputs[:-1], jax.random.fold_in(inputs[-1], 5))  # noqa: E731
    assert ALL[name].check(f) is f


def test_the_elbo_is_asked_without_a_beta():
    assert repr(exercises.elbo_analytic_kl).startswith(
        "Exercise: write elbo_analytic_kl(model, x, m, s, key). "
    )
    outcome, text = exercises.elbo_analytic_kl.diagnose(lambda model, x, m, s, key: jax.random.normal(key))
    assert outcome is Outcome.DIFFERENT
    assert "\nIt was given model = GaussianDecoder, x = [" in text


def test_a_kl_on_a_grid_written_as_an_average_over_q_is_right():
    f = lambda log_q, log_p, cell_area: jnp.sum((log_q - log_p) * jnp.exp(log_q + jnp.log(cell_area)))  # noqa: E731
    assert exercises.kl_on_grid.check(f) is f


def test_linear_optimum_written_from_what_pca_keeps_is_right():
    def f(X, k):
        covariance = jnp.cov(X.T, bias=True)
        return jnp.trace(covariance) - jnp.sum(jnp.linalg.eigvalsh(covariance)[::-1][:k])

    assert exercises.linear_optimum.check(f) is f


# Where the checker was fooled: answers that are wrong, and were called correct.


def in_notebook(source, **names):
    """A function as a notebook defines it, where these names are global."""
    scope = {"jax": jax, "jnp": jnp, "np": np, **vars(gaussian), **vars(map_latents), **names}
    exec(source, scope)
    return next(value for value in reversed(scope.values()) if callable(value))


def cut(z):
    return jax.lax.stop_gradient(z)


CUT = {
    "sample": lambda m, s, key: cut(gaussian.sample(m, s, key)),
    "elbo_estimate": lambda model, x, m, s, key: log_importance_weight(
        model, x, cut(gaussian.sample(m, s, key)), m, s
    ),
    "elbo_analytic_kl": lambda model, x, m, s, key: (
        log_likelihood(model, x, cut(gaussian.sample(m, s, key))) - kl_to_prior(m, s)
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_a_gradient_that_is_cut_at_the_draw_is_found(name):
    outcome, text = ALL[name].diagnose(CUT[name])
    assert outcome is Outcome.NOT_TRACEABLE
    assert text == "Its values are right, but its gradient is not: jax.grad through it gives other numbers."


TAKEN_OUT = [
    jnp.mean,
    jnp.min,
    jnp.median,
    lambda values: values.ravel()[0],
    lambda values: -2000.0,
    lambda values: jnp.sort(values.ravel())[-2],
]


@pytest.mark.parametrize("taken_out", TAKEN_OUT)
def test_only_taking_out_the_largest_survives(taken_out):
    def log_mean_exp(log_values):
        c = taken_out(log_values)
        return jnp.log(jnp.mean(jnp.exp(log_values - c))) + c

    def log_evidence(log_joint, cell_area):
        c = taken_out(log_joint)
        return jnp.log(jnp.sum(jnp.exp(log_joint - c)) * cell_area) + c

    def bayes_on_grid(log_likelihood, log_prior, cell_area):
        return log_likelihood + log_prior - log_evidence(log_likelihood + log_prior, cell_area)

    for f in (log_mean_exp, log_evidence, bayes_on_grid):
        assert ALL[f.__name__].check(f) is not f


@pytest.mark.parametrize(
    "name", [name for name in ALL if set(ALL[name].arguments) & {"z", "m", "s", "k", "W", "h"}]
)
def test_latents_are_three_as_well_as_two(name):
    if name == "sample":  # of an image
        return
    numbers = {name: i for i, name in enumerate(ALL[name].arguments)}
    sizes = set()
    for inputs in ALL[name].inputs():
        if "k" in numbers:
            sizes.add(inputs[numbers["k"]])
        elif "W" in numbers:
            sizes.add(inputs[numbers["W"]].shape[1])
        else:
            sizes.add(
                len(inputs[numbers.get("z", numbers.get("m", numbers.get("h")))])
                // (2 if "h" in numbers else 1)
            )
    assert 3 in sizes
    assert len(sizes) > 1


FOR_K_2 = {
    "kl_to_prior": lambda m, s: 0.5 * (jnp.sum(s**2 + m**2 - 2 * jnp.log(s)) - 2),
    "gaussian_head": lambda h: (h[:2], jnp.exp(h[2:])),
    "log_joint_of_set": lambda model, X, Z: (
        jax.vmap(log_likelihood, in_axes=(None, 0, 0))(model, X, Z).sum()
        - 0.5 * jnp.sum(Z**2)
        - len(Z) * jnp.log(2 * jnp.pi)
    ),
    "linear_optimum": lambda X, k: jnp.sum(jnp.linalg.eigvalsh(jnp.cov(X.T, bias=True))[:-2]),
}


@pytest.mark.parametrize("name", FOR_K_2)
def test_what_is_right_for_two_latents_only_is_refused(name):
    assert ALL[name].check(FOR_K_2[name]) is ALL[name].library


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        (
            "log_likelihood",
            "def f(model, x, z):\n  v = model.sigma**2\n"
            "  return -jnp.sum((x - model(z)) ** 2) / (2 * v) - d / 2 * jnp.log(2 * jnp.pi * v)",
            "64, the notebook's d, where 5 is needed",
        ),
        (
            "log_likelihood",
            "def f(model, x, z):\n  v = model.sigma**2\n"
            "  return -jnp.sum((x - model(z)) ** 2) / (2 * v) - 64 * jnp.log(2 * jnp.pi * v) / 2",
            "64, the notebook's d, where 5 is needed",
        ),
        (
            "gaussian_head",
            "def f(h):\n  return h[:k], jnp.exp(h[k:])",
            "2, the notebook's k, where 3 is needed",
        ),
        (
            "kl_to_prior",
            "def f(m, s):\n  return (s @ s + m @ m - k) / 2 - jnp.log(s).sum()",
            "2, the notebook's k, where 3 is needed",
        ),
        (
            "elbo_analytic_kl",
            "def f(model, x, m, s, key):\n  z = m + s * jax.random.normal(key, (k,))\n"
            "  return log_density(x, model(z), model.sigma) - kl_to_prior(m, s)",
            "2, the notebook's k, where 3 is needed",
        ),
    ],
)
def test_a_size_that_is_read_from_the_notebook_is_named(name, source, words):
    outcome, text = ALL[name].diagnose(in_notebook(source, d=64, k=2))
    assert outcome is Outcome.MISTAKE
    assert words in text


@pytest.mark.parametrize(
    "f",
    [
        lambda params, gradients, rate: {k: params[k] - rate * gradients[k] for k in params},
        lambda params, gradients, rate: [p - rate * g for p, g in zip(params, gradients, strict=True)],
        lambda params, gradients, rate: (
            params - rate * gradients
            if not isinstance(params, dict)
            else {k: jax.tree.map(lambda p, g: p - rate * g, params[k], gradients[k]) for k in params}
        ),
    ],
)
def test_a_gradient_step_must_take_any_pytree(f):
    assert exercises.gradient_step.check(f) is not f


def clipped(f):
    return lambda *inputs: f(
        *(jnp.clip(i, 0, 1) if isinstance(i, jax.Array) and i.dtype == "float32" else i for i in inputs)
    )


@pytest.mark.parametrize(
    "name", ["squared_distances", "squared_error", "best_sigma", "walk", "log_likelihood"]
)
def test_inputs_leave_the_range_of_pixels(name):
    f = clipped(ALL[name].library)
    assert ALL[name].check(f) is not f


def laplace(m, s, key):
    return m + s * jax.random.laplace(key, m.shape) / 2**0.5


def cubes(m, s, key):
    """Two numbers of right law and without correlation, of which one says how large the other is."""
    eps, sign = jax.random.normal(key), jax.random.rademacher(jax.random.fold_in(key, 1), m.shape, float)
    return m + s * eps * sign


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (laplace, "the shape of its distribution is not"),
        (
            lambda m, s, key: m + s * (2 * jax.random.bernoulli(key, 0.5, m.shape) - 1),
            "the shape of its distribution is not",
        ),
        (
            lambda m, s, key: m + s * jax.random.uniform(key, m.shape, minval=-(3**0.5), maxval=3**0.5),
            "the shape of its distribution is not",
        ),
        (cubes, "do not depend on each other as they should"),
        (lambda m, s, key: 1.03 * m + s * jax.random.normal(key, m.shape), "its mean"),
        (lambda m, s, key: m + 1.04 * s * jax.random.normal(key, m.shape), "its standard deviation"),
        (lambda m, s, key: m + 0.96 * s * jax.random.normal(key, m.shape), "its standard deviation"),
        (lambda m, s, key: m + s * (jax.random.normal(key, m.shape) + 0.07), "its mean"),
        (
            lambda m, s, key: m + s * jnp.clip(jax.random.normal(key, m.shape), -2.0, 2.0),
            "its standard deviation",
        ),
    ],
)
def test_draws_are_compared_by_their_law(f, says):
    outcome, text = exercises.sample.diagnose(f)
    assert outcome is Outcome.DIFFERENT
    assert says in text.splitlines()[0]


@pytest.mark.parametrize("name", ["elbo_estimate", "elbo_analytic_kl", "reparametrized_gradient"])
def test_a_few_percent_in_the_noise_of_a_random_function_are_refused(name):
    library = ALL[name].library
    f = lambda *inputs: library(*inputs[:-2], 1.04 * inputs[-2], jax.random.fold_in(inputs[-1], 3))  # noqa: E731
    assert ALL[name].check(f) is not f


@pytest.mark.parametrize("seed", range(6))
def test_right_draws_are_never_refused_for_their_key(seed):
    for name in ("sample", "elbo_estimate"):
        library = ALL[name].library
        f = lambda *inputs, library=library: library(*inputs[:-1], jax.random.fold_in(inputs[-1], 100 + seed))  # noqa: E731
        assert ALL[name].check(f) is f


@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("bayes_on_grid", lambda L, P, area: (L - logsumexp(L + P)) + P - jnp.log(area)),
        ("bayes_on_grid", lambda L, P, area: (P - (logsumexp(L + P) + jnp.log(area))) + L),
        (
            "bayes_on_grid",
            lambda L, P, area: jax.nn.log_softmax((L + P).ravel()).reshape(L.shape) - jnp.log(area),
        ),
        ("kl_on_grid", lambda q, p, area: jnp.sum(jax.nn.softmax(q, axis=None) * (q - p))),
        ("kl_on_grid", lambda q, p, area: jnp.sum(jnp.exp(q) * q) * area - jnp.sum(jnp.exp(q) * p) * area),
        ("log_mean_exp", lambda v: jax.nn.logsumexp(v - jnp.log(len(v)))),
    ],
)
def test_equivalent_right_answers_are_accepted(name, f):
    assert ALL[name].check(f) is f


# Mistakes that people make everywhere.


@pytest.mark.parametrize("name", ALL)
def test_every_general_mistake_gets_a_diagnosis_in_every_exercise(name):
    exercise = ALL[name]
    inputs = exercise.inputs()
    for mistake in general.mistakes(exercise.library, exercise.arguments, inputs[0]):
        f = lambda *given, mistake=mistake: mistake.gives(*given)  # noqa: E731
        right, changed = exercise.library(*inputs[0]), mistake.gives(*inputs[0])
        if mistake.says.startswith("Rows") and answers.close(
            right, changed, 1e-4, 1e-5
        ):  # a vector has no .T
            continue
        outcome, text = exercise.diagnose(f)
        assert outcome in (Outcome.MISTAKE, Outcome.NOT_FINITE), (mistake.says, text)
        assert text


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("best_sigma", lambda y: -y, "The sign is flipped"),
        ("kl_on_grid", lambda y: 2 * y, "twice what was asked for"),
        ("kl_on_grid", lambda y: y / 2, "half of what was asked for"),
        ("squared_error", jnp.exp, "This is exp of"),
        ("kl_to_prior", jnp.log, "This is the log of"),
        ("best_sigma", lambda y: y**2, "This is sigma^2, the variance"),
        ("kl_to_prior", jnp.sqrt, "This is the square root of"),
        ("bayes_on_grid", jnp.transpose, "Rows and columns"),
        ("reparametrized_gradient", lambda y: y, "wrong order"),
        ("rescale", lambda y: y, "wrong order"),
    ],
)
def test_a_general_mistake_is_named(name, change, says):
    def f(*inputs):
        answer = jax.tree.map(change, ALL[name].library(*inputs))
        return answer[::-1] if isinstance(answer, tuple) else answer

    outcome, text = ALL[name].diagnose(f)
    assert outcome is Outcome.MISTAKE
    assert says in text


def test_a_mean_for_a_sum_names_the_size():
    f = lambda log_q, log_p, area: exercises.kl_on_grid.library(log_q, log_p, area) / len(log_q)  # noqa: E731
    assert "log_q.shape[0]" in exercises.kl_on_grid.diagnose(f)[1]
    assert "a mean was taken where a sum was asked for" in exercises.kl_on_grid.diagnose(f)[1]


@pytest.mark.parametrize(
    "path", sorted(Path(catalogue.__file__).parent.glob("ex*.toml")), ids=lambda path: path.stem
)
def test_hints_and_mistakes_use_names_that_their_notebook_has(path):
    (notebook,) = (Path(__file__).parents[3] / "notebooks").glob(f"{path.stem[2:4]}_*.ipynb")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    ours = {name for room in (gaussian, map_latents, marginal, models, elbo) for name in vars(room)}
    for exercise in catalogue.read(path.stem):
        words = " ".join([*exercise.hints, *(mistake.says for mistake in exercise.mistakes)])
        called = set(re.findall(r"(?<![\w.])([a-z_]\w*)\(", words))
        assert called & ours <= set(re.findall(r"\w+", code))
        for word in ("objectives", "map_latents.", "gaussian.", "spread", "turned round"):
            assert word not in words


@pytest.mark.parametrize("name", ALL)
def test_no_mistake_raises_unless_that_is_the_mistake(name):
    for mistake in ALL[name].mistakes:
        raises = "of the wrong size", "Right for one array", "side by side"
        if any(words in mistake.says for words in raises):
            continue
        for inputs in ALL[name].inputs():
            mistake.gives(*inputs)
