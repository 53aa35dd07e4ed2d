"""docs/your-framework.md: its code is run as it stands there, in JAX, and in PyTorch and Flax where they are.

`make peers` fetches those two and runs this file with them; then nothing may be skipped.
"""

import importlib
import os
import re
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from vae_course import data, fit_starts, gaussian, losses, marginal, models

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "your-framework.md").read_text()
BLOCKS = re.findall(r"(?ms)^```(\w+) ?(\w*)\n(.*?)^```$", PAGE)  # (language, kind, text)
PINS = dict(re.findall(r"(?m)^(torch|flax)==([\d.]+)", (ROOT / "scripts" / "peers.txt").read_text()))
MISTAKES = {}  # number: (heading, the wrong line, the check, what it says)
for number, rest in re.findall(r"(?ms)^### (\d)\. (.*?)(?=^##|\Z)", PAGE):
    parts = [text.strip() for *_, text in re.findall(r"(?ms)^```(\w+) ?(\w*)\n(.*?)^```$", rest)]
    MISTAKES[int(number)] = (rest.splitlines()[0], *parts)

Framework = namedtuple("Framework", "page array xp")


def blocks(kind):
    return [text for language, found, text in BLOCKS if (language, found) == ("python", kind)]


def absent(reason):
    pytest.fail(reason) if os.environ.get("REQUIRE_PEERS") == "1" else pytest.skip(reason)


def needs(name):
    """Skip, with the reason, unless the peer is here in the version that scripts/peers.txt names."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        absent(f"{name} is not installed: `make peers` runs this with {name} {PINS[name]}")
    if version.split("+")[0] != PINS[name]:
        absent(f"{name} {version} is installed, `make peers` runs this with {PINS[name]}")


def run(kind, wrong_line=None):
    """The page's code of one framework, with a line of `terms` replaced by the wrong one, if there is one."""
    first, *more = blocks(kind)
    if kind in PINS:
        needs(kind)
    xp = importlib.import_module("torch" if kind == "torch" else "jax.numpy")
    page = {"xp": xp, "array": xp.tensor if kind == "torch" else xp.array}
    if wrong_line:
        name = re.match(r"\w+ = ", wrong_line)[0]
        first, replaced = re.subn(rf"(?m)^    {name}.*$", lambda _: "    " + wrong_line, first, count=1)
        assert replaced, name
    for source in [first, *more, blocks("check")[0]]:
        exec(compile(source, f"docs/your-framework.md, {kind}", "exec"), page)
    return Framework(page, page["array"], xp)


@pytest.fixture(params=["ours", "torch", "flax"])
def kind(request):
    return request.param


@pytest.fixture(params=["torch", "flax"])
def peer(request):
    """A peer's page, and its VAE with the weights of ours."""
    framework = run(request.param)
    vae = framework.page["VAE"](*the_rngs(request.param))
    framework.page["put_in"](vae, ours())
    return request.param, framework, vae


def the_rngs(kind):
    return [importlib.import_module("flax").nnx.Rngs(0)] if kind == "flax" else []


def ours():
    """A VAE whose q are not near the prior. With a smaller sigma float32 has too few digits for 1e-4 nats."""
    keys = jax.random.split(jax.random.key(0))
    encoder, decoder = models.GaussianEncoder(key=keys[0]), models.Decoder(key=keys[1])
    encoder = eqx.tree_at(lambda e: e.mlp.layers[-1].bias, encoder, jnp.array([1.0, -0.5, -2.0, -1.0]))
    return models.VAE(encoder, models.GaussianDecoder(decoder, sigma=0.4))


def images_and_noise():
    """Held-out images, and for each the noise that the losses of the course draw with its key."""
    X = data.load_digits().test_images[:100]
    return np.array(X), np.array(jax.vmap(lambda key: jax.random.normal(key, (2,)))(the_keys()))


def the_keys():
    return jax.random.split(jax.random.key(1), 100)


def the_bounds(vae):
    X, _ = images_and_noise()
    return -jax.vmap(losses.vae_loss, in_axes=(None, 0, 0))(vae, jnp.array(X), the_keys())


def test_no_block_is_left_out():
    kinds = {"ours", "torch", "flax", "check", "mistake"}
    assert {(language, kind) for language, kind, _ in BLOCKS} == {
        ("text", ""),
        *(("python", k) for k in kinds),
    }
    assert [len(parts) for parts in MISTAKES.values()] == [4] * 5
    assert len(blocks("mistake")) == 5
    assert len(blocks("check")) == 6


@pytest.mark.parametrize("kind", ["ours", "torch", "flax"])
def test_the_loss_is_ten_lines(kind):
    lines = [line for line in blocks(kind)[0].splitlines() if line and not re.match("import|from", line)]
    assert len(lines) == 10


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_ours_is_the_loss_of_the_course():
    X, eps = map(jnp.array, images_and_noise())
    found = jax.vmap(run("ours").page["elbo"], in_axes=(None, 0, 0))(ours(), X, eps)
    np.testing.assert_allclose(found, the_bounds(ours()), atol=1e-4, rtol=0)


def test_the_bound_of_a_peer_is_ours_for_the_same_weights_and_noise(peer):
    kind, framework, vae = peer
    found = framework.page["elbo"](vae, *map(framework.array, images_and_noise()))
    found = found.detach().numpy() if kind == "torch" else found
    np.testing.assert_allclose(found, the_bounds(ours()), atol=1e-4, rtol=0)


def gradients_of(kind, framework, vae):
    """Of the mean bound, in the form of our weights: a list of (weight, bias), and that of log sigma."""
    X, eps = map(framework.array, images_and_noise())
    if kind == "torch":
        framework.page["elbo"](vae, X, eps).mean().backward()
        layers = [*vae.encoder[::2], *vae.decoder[::2]]
        pairs = [(layer.weight.grad.numpy(), layer.bias.grad.numpy()) for layer in layers]
        for part in pairs[2]:
            part[2:] *= 2  # by log s, which is half of log s^2
        return pairs, vae.log_sigma.grad.numpy()
    grad = importlib.import_module("flax").nnx.grad
    gradient = grad(lambda vae: framework.page["elbo"](vae, X, eps).mean())(vae)
    layers = [gradient[name]["layers"][i] for name in ("encoder", "decoder") for i in (0, 2, 4)]
    return [(g["kernel"][...].T, g["bias"][...]) for g in layers], gradient["log_sigma"][...]


def test_the_gradients_of_a_peer_are_ours(peer):
    pairs, by_log_sigma = gradients_of(*peer)
    gradient = eqx.filter_grad(lambda vae: the_bounds(vae).mean())(ours())
    layers = [*gradient.encoder.mlp.layers, *gradient.decoder.decoder.mlp.layers]
    asked = [(layer.weight, layer.bias) for layer in layers]
    for found, right in zip(jax.tree.leaves(pairs), jax.tree.leaves(asked), strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-4 * float(jnp.abs(right).max()))
    decoder = ours().decoder  # its sigma is a floor and exp(raw_sigma)
    of_raw = by_log_sigma * jnp.exp(decoder.raw_sigma) / decoder.sigma
    np.testing.assert_allclose(of_raw, gradient.decoder.raw_sigma, rtol=1e-4)


def test_a_step_of_a_peer_says_the_loss_and_the_next_is_better(peer):
    kind, framework, vae = peer
    X, eps = map(framework.array, images_and_noise())
    if kind == "torch":
        optimizer = framework.xp.optim.Adam(vae.parameters(), lr=1e-3)
    else:
        nnx = importlib.import_module("flax").nnx
        optimizer = nnx.Optimizer(vae, optax.adam(1e-3), wrt=nnx.Param)
    said = [float(framework.page["step"](vae, optimizer, X, eps)) for _ in range(20)]
    assert said[0] == pytest.approx(-float(the_bounds(ours()).mean()), abs=1e-4)
    assert (np.diff(said) < 0).mean() > 0.8


def verdict(framework, check):
    """What a check finds and asks for."""
    exec(check, framework.page)
    return framework.page["found"], framework.page["asked"]


@pytest.mark.parametrize("number", MISTAKES)
def test_the_right_line_passes(kind, number):
    found, asked = verdict(run(kind), MISTAKES[number][2])
    assert found == pytest.approx(asked, abs=1e-5)


@pytest.mark.parametrize("number", MISTAKES)
def test_the_wrong_line_fails_and_finds_what_the_page_says(kind, number):
    _, line, check, says = MISTAKES[number]
    found, asked = verdict(run(kind, line), check)
    assert abs(found - asked) > 0.3
    assert f"found {found:.2f}, asked {asked:.2f}" == says


def no_such_package(name):
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("name", ["torch", "flax"])
def test_a_peer_that_is_missing_or_another_version_is_named(name, monkeypatch):
    monkeypatch.setenv("REQUIRE_PEERS", "0")
    monkeypatch.setattr(metadata, "version", lambda name: "0.1.2+cpu")
    with pytest.raises(pytest.skip.Exception, match=rf"{name} 0\.1\.2\+cpu is installed.*{PINS[name]}"):
        needs(name)
    monkeypatch.setattr(metadata, "version", lambda name: PINS[name] + "+cpu")
    needs(name)
    monkeypatch.setattr(metadata, "version", no_such_package)
    with pytest.raises(pytest.skip.Exception, match=f"{name} is not installed: `make peers`"):
        needs(name)
    monkeypatch.setenv("REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match=f"{name} is not installed: `make peers`"):
        needs(name)


# What training with each mistake leads to: the table of the page.


@pytest.fixture
def optimised():
    """The unit tests compile without optimising; here training would take minutes."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


def table():
    """Each row of the page's table of symptoms: (number of the mistake or 0, its four numbers)."""
    rows = re.findall(r"(?m)^\| (none|\d)[^|]*\|([^|]+)\|([^|]+)\|([^|]+)\|([^|]+)\|", PAGE)
    return {int(name) if name != "none" else 0: [float(n) for n in numbers] for name, *numbers in rows}


def as_trained(decoder, wrong_line):
    """With the second sigmoid, if it was trained with one."""
    if not (wrong_line or "").startswith("x_hat"):
        return decoder
    once = decoder.decoder.mlp.final_activation
    twice = lambda y: jax.nn.sigmoid(once(y))  # noqa: E731
    return eqx.tree_at(lambda d: d.decoder.mlp.final_activation, decoder, twice)


def symptoms(wrong_line):
    """For three starts: sigma, KL, the bound as the code reports it, the exact log p(x), (3, 4); and images.

    The images are what each start decodes at the means of q, (3, 200, 64).
    """
    elbo, X = run("ours", wrong_line).page["elbo"], data.load_digits().train_images
    decoders = [models.GaussianDecoder(models.Decoder(key=jax.random.key(i)), sigma=0.3) for i in range(3)]
    encoders = [models.GaussianEncoder(key=jax.random.key(200 + i)) for i in range(3)]
    runs = fit_starts(
        [*map(models.VAE, encoders, decoders)],
        lambda vae, x, key: -elbo(vae, x, jax.random.normal(key, (2,))),
        X,
        keys=[jax.random.key(100 + i) for i in range(3)],
        steps=1000,
        batch_size=128,
        optimizer=optax.adam(3e-3),
    )
    some, noise = X[:200], jax.random.normal(jax.random.key(7), (50, 2))
    of_draws = jax.vmap(jax.vmap(elbo, in_axes=(None, 0, None)), in_axes=(None, None, 0))
    found, drawn = [], []
    for vae in (run.model for run in runs):
        decoder, (M, S) = as_trained(vae.decoder, wrong_line), models.apply(vae.encoder, some)
        kl = jax.vmap(gaussian.kl_to_prior)(M, S).mean()
        exact = marginal.mean_log_marginals([decoder], some)[0, 0]
        drawn.append(models.apply(decoder, M))
        found.append([vae.decoder.sigma, kl, eqx.filter_jit(of_draws)(vae, some, noise).mean(), exact])
    return np.array(found), np.array(drawn)


@pytest.mark.parametrize("number", range(6))
def test_the_table_of_symptoms_is_what_training_gives(number, optimised):
    if os.environ.get("REQUIRE_PEERS") != "1":
        pytest.skip("it trains three VAEs, for a quarter of a minute: `make peers` runs it")
    found, drawn = symptoms(MISTAKES[number][1] if number else None)
    sigma, *nats = found.mean(axis=0)
    assert sigma == pytest.approx(table()[number][0], rel=0.05)
    np.testing.assert_allclose(nats, table()[number][1:], rtol=0.02, atol=0.5)
    one_blur_for_all, grey_paper = drawn.std(axis=1).max(axis=1) < 0.02, drawn.min(axis=(1, 2)) >= 0.5
    assert (one_blur_for_all == (number in (1, 4))).all()
    assert (grey_paper == (number == 5)).all()
