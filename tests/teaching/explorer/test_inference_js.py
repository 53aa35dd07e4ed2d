"""inference.js, the very file that the browser runs, against numpy and JAX in float64, without a browser."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from vae_course import fit
from vae_course.data import load_digits
from vae_course.elbo import elbo_analytic_kl, fit_gaussians, quadrature_elbos
from vae_course.losses import map_loss
from vae_course.marginal import (
    DecodedGrid,
    fit_ppca,
    for_each,
    latent_grid,
    linear_log_marginal,
    linear_posterior,
)
from vae_course.models import SIGMA_FLOOR, VAE, Decoder, GaussianDecoder, GaussianEncoder

# For each model and image all that is tested below: one node process for all.
EVERYTHING = """
const answers = (work) => [...work].filter((answer) => answer);
return given.models.map((model) => {
  const { network } = model;
  const plane = script.planeOf(network);
  const first = [...script.posterior(model, plane, given.X[0])];
  const slices = [...plane.work].length;
  const images = given.X.map((x) => {
    const posterior = answers(script.posterior(model, plane, x));
    const { mode, mean, sd } = posterior.at(-1);
    const [best] = answers(script.bestGaussian(model, x, posterior.at(-1)));
    const zoom = [0, 1].flatMap((i) => [mean[i] - 6 * sd[i], mean[i] + 6 * sd[i]]);
    const start = [mean[0] + sd[0], mean[1] - sd[1]];
    const gaussians = [{ m: [0, 0], s: [1, 1] }, { m: mean, s: sd }, best];
    return {
      posterior,
      best,
      whole: answers(script.picture(model, plane, x)),
      zoomed: answers(script.picture(model, script.gridOf(network, zoom, 64), x)),
      gaussians: gaussians.map(({ m, s }) => ({ m, s, elbo: script.elbo(model, x, m, s) })),
      climb: [start, script.climbToMode(model, x, start)],
      joint: script.logJoint(model, x, mode),
      weights: script.logWeights(model, x, given.Z, mean, sd),
      fromPrior: script.logWeights(model, x, given.Z, [0, 0], [1, 1]),
    };
  });
  const decoded = { many: script.decodeMany(network, given.Z), one: script.decode(network, [1, -2]) };
  return { first, slices, images, decoded };
});
"""


class Case(NamedTuple):
    """A model in float64, the W and b of its layers, and what the browser said of it."""

    model: GaussianDecoder
    sigma: float
    layers: list
    said: dict

    def decode(self, Z):
        *hidden, (W, b) = self.layers
        for W_hidden, b_hidden in hidden:
            Z = np.tanh(Z @ W_hidden.T + b_hidden)
        images = Z @ W.T + b
        return 1 / (1 + np.exp(-images)) if hidden else images

    def log_joints(self, images, Z, x):
        """log p(x, z) for each row of Z, of which `images` are the decoded ones."""
        squared_errors = (images**2).sum(axis=1) - 2 * images @ x + x @ x
        constant = len(x) * np.log(self.sigma) + (len(x) / 2 + 1) * np.log(2 * np.pi)
        return -squared_errors / (2 * self.sigma**2) - (Z**2).sum(axis=1) / 2 - constant

    def log_joint(self, Z, x):
        return self.log_joints(self.decode(Z), Z, x)


def middles(extent, n):
    """The middles of n x n cells, z1 fastest, and the area of a cell."""
    (left, right), (bottom, top) = np.reshape(extent, (2, 2))
    steps = (np.arange(n) + 0.5) / n
    Z = np.stack(np.meshgrid(left + (right - left) * steps, bottom + (top - bottom) * steps), axis=-1)
    return Z.reshape(-1, 2), (right - left) * (top - bottom) / n**2


class Truth(NamedTuple):
    log_p: float
    mean: np.ndarray
    sd: np.ndarray


def brute_force(case, X, cuts):
    """log p(x), mean and sd by a sum over 300 x 300 cells, those within 25 nats of the top cut in cuts^2."""
    Z, area = middles((-5.4, 5.4, -5.4, 5.4), 300)
    images = case.decode(Z)
    return [summed(case, x, Z, case.log_joints(images, Z, x), area, cuts) for x in doubles(X)]


def summed(case, x, Z, heights, area, cuts):
    near = Z[heights > heights.max() - 25]
    sums = []
    for n in cuts:
        offsets, _ = middles(np.array([-1, 1, -1, 1]) * np.sqrt(area) / 2, n)
        fine = (near[:, None] + offsets).reshape(-1, 2)
        logs = case.log_joint(fine, x) + np.log(area / n**2)
        log_p = logsumexp(logs)
        mean = np.exp(logs - log_p) @ fine
        sums.append(Truth(log_p, mean, np.sqrt(np.exp(logs - log_p) @ (fine - mean) ** 2)))
    assert abs(sums[0].log_p - sums[1].log_p) < 1e-6  # else this is no oracle
    return sums[1]


def doubles(X):
    return np.asarray(X, float)


def in_float64(tree):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64) if eqx.is_array(leaf) else leaf, tree)


def in_float32(tree):
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32) if eqx.is_array(leaf) else leaf, tree)


def layers_of(network):
    """W and b of each layer, in float64."""
    linears = network.mlp.layers if hasattr(network, "mlp") else [network.linear]
    return [tuple(np.asarray(part, float) for part in (linear.weight, linear.bias)) for linear in linears]


def for_the_browser(layers, last="identity"):
    return {
        "weights": np.concatenate([part.ravel() for layer in layers for part in layer]).astype(np.float32),
        "sizes": [layers[0][0].shape[1]] + [len(b) for _, b in layers],
        "activations": ["tanh"] * (len(layers) - 1) + [last],
    }


def model_for_the_browser(model):
    last = "sigmoid" if isinstance(model.decoder, Decoder) else "identity"
    return {"network": for_the_browser(layers_of(model.decoder), last), "sigma": float(model.sigma)}


def with_sigma(model, sigma):
    return eqx.tree_at(lambda model: model.raw_sigma, model, jnp.log(jnp.float32(sigma - SIGMA_FLOOR)))


def vae_loss(vae, x, key):
    return -elbo_analytic_kl(vae.decoder, x, *vae.encoder(x), key)


@pytest.fixture(scope="module")
def vae():
    keys = jax.random.split(jax.random.key(0), 3)
    start = VAE(GaussianEncoder(key=keys[0]), GaussianDecoder(Decoder(key=keys[1])))
    return fit(start, vae_loss, load_digits().train_images, key=keys[2], steps=800, batch_size=64).model


@pytest.fixture(scope="module")
def wide():
    """A wide decoder with a free latent for each image: it fits sharply, on a small part of the plane."""
    X, keys = load_digits().train_images[:300], jax.random.split(jax.random.key(1), 3)
    start = GaussianDecoder(Decoder(key=keys[0], width=200)), 0.1 * jax.random.normal(keys[1], (len(X), 2))
    return fit(start, map_loss, (jnp.arange(len(X)), X), key=keys[2], steps=500, batch_size=100).model[0]


@pytest.fixture(scope="module")
def X():
    return load_digits().test_images[:3]


@pytest.fixture(scope="module")
def Z():
    return np.random.RandomState(0).normal(size=(101, 2))


@pytest.fixture(scope="module")
def js(script):
    return script("inference.js")


@pytest.fixture(scope="module")
def cases(js, vae, wide, X, Z):
    linear = fit_ppca(load_digits().train_images, 2)
    models = {"vae": vae.decoder, "sharp": with_sigma(vae.decoder, 0.05), "wide": wide, "linear": linear}
    with jax.enable_x64(True):
        models = {name: in_float64(model) for name, model in models.items()}
        given = [model_for_the_browser(model) for model in models.values()]
    said = js.run(EVERYTHING, models=given, X=[np.asarray(x) for x in X], Z=Z)
    return {
        name: Case(model, told["sigma"], layers_of(model.decoder), answers)
        for (name, model), told, answers in zip(models.items(), given, said, strict=True)
    }


@pytest.fixture(scope="module")
def truths(cases, X):
    cuts = {"vae": (1, 2), "sharp": (3, 4), "wide": (5, 6)}
    return {name: brute_force(cases[name], X, cuts[name]) for name in cuts}


@pytest.fixture(params=["vae", "sharp", "wide", "linear"])
def case(request, cases):
    return cases[request.param]


@pytest.fixture(params=["vae", "sharp", "wide"])
def trained(request, cases, truths):
    """A case with what each image's answers should be."""
    return cases[request.param], truths[request.param]


def test_the_models_are_wide_and_sharp(cases, truths):
    assert cases["sharp"].sigma == pytest.approx(0.05)
    assert min(truth.sd.min() for truth in truths["wide"]) < 0.03
    assert 0.1 < cases["vae"].sigma < 0.3


def test_many_latents_are_decoded_as_by_numpy(case, Z):
    decoded = case.said["decoded"]
    np.testing.assert_allclose(np.reshape(decoded["many"], (len(Z), 64)), case.decode(Z), atol=1e-8)
    np.testing.assert_allclose(decoded["one"], case.decode(np.array([[1.0, -2.0]]))[0], atol=1e-8)


def test_a_network_may_have_any_width(js, Z):
    rng = np.random.RandomState(1)
    networks = [
        [(rng.normal(size=(to, n)), rng.normal(size=to)) for n, to in [(2, width), (width, 7), (7, 9)]]
        for width in (1, 3, 300)
    ]
    networks = jax.tree.map(np.float32, networks)
    given = [for_the_browser(layers, "sigmoid") for layers in networks]
    said = js.run("return given.networks.map((n) => script.decodeMany(n, given.Z))", networks=given, Z=Z)
    for layers, images in zip(networks, said, strict=True):
        expected = Case(None, 1.0, layers, {}).decode(Z)
        assert np.ptp(expected) > 0.5
        np.testing.assert_allclose(np.reshape(images, expected.shape), expected, atol=1e-8)


def test_log_p_mean_and_sd(trained):
    case, truths = trained
    for image, truth in zip(case.said["images"], truths, strict=True):
        answer = image["posterior"][-1]
        error = answer["logP"] - truth.log_p
        print(f"log p(x) = {truth.log_p:.3f}; in JavaScript {error:+.1e}, and it says {answer['offBy']:.1e}")
        assert answer["stage"] == "exact"
        assert abs(error) < 1e-4
        assert abs(error) <= max(answer["offBy"], 2e-5)
        np.testing.assert_allclose(answer["mean"], truth.mean, atol=1e-3 * truth.sd.min())
        np.testing.assert_allclose(answer["sd"], truth.sd, rtol=1e-3)


def test_a_linear_decoder_has_the_closed_form(cases, X):
    case = cases["linear"]
    for image, x in zip(case.said["images"], X, strict=True):
        answer, best = image["posterior"][-1], image["best"]
        with jax.enable_x64(True):
            x = jnp.asarray(x, jnp.float64)
            log_p, (m, covariance) = linear_log_marginal(case.model, x), linear_posterior(case.model, x)
        assert answer["logP"] == pytest.approx(float(log_p), abs=1e-5)
        np.testing.assert_allclose(answer["mean"], m, atol=1e-5)
        np.testing.assert_allclose(answer["mode"], m, atol=1e-5)
        np.testing.assert_allclose(answer["sd"], np.sqrt(np.diag(covariance)), rtol=1e-4)
        precision = np.linalg.inv(covariance)
        gap = (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1]) / 2
        assert best["elbo"] == pytest.approx(float(log_p) - gap, abs=1e-4)


def test_a_posterior_outside_the_plane_is_found(js, cases, X):
    """A fifth of the weights, five times the codes."""
    body = """
        const plane = script.planeOf(given.model.network);
        return given.X.map((x) => [...script.posterior(given.model, plane, x)].findLast((answer) => answer));
    """
    with jax.enable_x64(True):
        decoder, X = cases["linear"].model.decoder, jnp.asarray(X, jnp.float64)
        decoder = eqx.tree_at(lambda decoder: decoder.linear.weight, decoder, decoder.linear.weight / 5)
        model = GaussianDecoder(decoder, sigma=0.05)
        answers = js.run(body, model=model_for_the_browser(model), X=[np.asarray(x, np.float32) for x in X])
        M = np.stack([linear_posterior(model, x)[0] for x in X])
        log_p = np.array([linear_log_marginal(model, x) for x in X])
    assert np.abs(M).max() > 6
    np.testing.assert_allclose([answer["logP"] for answer in answers], log_p, atol=1e-4)
    np.testing.assert_allclose([answer["mean"] for answer in answers], M, atol=1e-4)


def test_first_a_coarse_answer_and_it_says_so(trained):
    case, _ = trained
    answers = [answer for answer in case.said["first"] if answer]
    assert [answer["stage"] for answer in answers] == ["coarse"] * (len(answers) - 1) + ["exact"]
    assert answers[0]["offBy"] is None  # infinite: there is nothing to compare with
    for image in case.said["images"]:
        assert image["posterior"][0]["stage"] == "coarse"


def test_work_is_done_in_slices(trained):
    """Of 6 million multiplications, about: for the first 32 x 32 cells, and for the last 128 x 128."""
    case, _ = trained
    size = sum(W.size + b.size for W, b in case.layers)
    first = next(i for i, answer in enumerate(case.said["first"]) if answer)
    for cells, slices in (32, first), (128, case.said["slices"]):
        assert cells**2 * size / 6e6 <= slices <= 1.2 * cells**2 * size / 6e6 + 3


@pytest.mark.parametrize("which", ["whole", "zoomed"])
def test_the_picture_shows_the_posterior(trained, X, which):
    case, truths = trained
    for image, truth, x in zip(case.said["images"], truths, doubles(X), strict=True):
        picture = image[which][-1]
        Z, area = middles(picture["extent"], picture["cells"])
        expected = np.exp(case.log_joint(Z, x) - truth.log_p) * area
        found = np.exp(np.array(picture["values"]) - image["posterior"][-1]["logP"]) * area
        assert picture["stage"] == "fine"
        assert picture["cells"] == (64 if which == "zoomed" else 128)
        assert np.abs(found - expected).sum() < 1e-4
        if which == "zoomed":
            assert expected.sum() == pytest.approx(1, abs=0.02)


def test_a_picture_is_coarse_at_first(case):
    for image in case.said["images"]:
        steps = [(picture["stage"], picture["cells"]) for picture in image["zoomed"]]
        assert steps == [("coarse", 16), ("coarse", 32), ("fine", 64)]


def test_elbo_and_kl(trained, X):
    case, truths = trained
    for image, truth, x in zip(case.said["images"], truths, doubles(X), strict=True):
        M, S = (np.array([q[name] for q in image["gaussians"]]) for name in "ms")
        found = np.array([q["elbo"] for q in image["gaussians"]])
        with jax.enable_x64(True):
            same = jnp.broadcast_to(x, (len(M), 64))
            expected = quadrature_elbos(case.model, same, jnp.asarray(M), jnp.asarray(S))
        np.testing.assert_allclose(found, expected, atol=1e-5)
        # KL(q || p(z given x)) of the best q as a sum over q, without the ELBO.
        m, s = M[-1], S[-1]
        eps, area = middles((-7, 7, -7, 7), 120)
        log_q = -(eps**2).sum(axis=1) / 2 - np.log(2 * np.pi) - np.log(s).sum()
        log_posterior = case.log_joint(m + s * eps, x) - truth.log_p
        kl = np.exp(log_q) @ (log_q - log_posterior) * area * s.prod()
        assert image["posterior"][-1]["logP"] - found[-1] == pytest.approx(kl, abs=1e-3)


def test_the_best_gaussian_is_no_worse_than_the_best_that_jax_finds(trained, X):
    case, _ = trained
    images, names = case.said["images"], ["mode", "mean", "sd"]
    ends = ([image["posterior"][-1][name] for image in images] for name in names)
    with jax.enable_x64(True):
        x = jnp.asarray(X, jnp.float64)
        mode, mean, sd = map(jnp.array, ends)
        starts = (mode, jnp.full(mode.shape, 0.05)), (mean, sd)
        found = [fit_gaussians(case.model, x, *start) for start in starts]
        best = np.max([quadrature_elbos(case.model, x, *q) for q in found], axis=0)
    differences = best - [image["best"]["elbo"] for image in images]
    print(f"JAX's best Gaussians are better by {differences.max():.1e} nats")
    assert differences.max() < 0.01


def test_the_mode(trained, X):
    case, _ = trained
    modes = for_each(DecodedGrid(in_float32(case.model), latent_grid(200)).mode, X)
    for image, mode, x in zip(case.said["images"], doubles(modes), doubles(X), strict=True):
        found = np.array(image["posterior"][-1]["mode"])
        [height, of_jax] = case.log_joint(np.stack([found, mode]), x)
        assert height >= of_jax - 1e-6
        assert image["joint"] == pytest.approx(height, abs=1e-6)
        around = found + 1e-4 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
        assert case.log_joint(around, x).max() <= height + 1e-6
        start, end = np.array(image["climb"])
        assert np.subtract(*case.log_joint(np.stack([end, start]), x)) >= 0


def test_log_weights(trained, X, Z):
    case, _ = trained
    for image, x in zip(case.said["images"], doubles(X), strict=True):
        m, s = (np.array(image["posterior"][-1][name]) for name in ("mean", "sd"))
        log_joint = case.log_joint(Z, x)
        np.testing.assert_allclose(image["weights"], log_joint - norm.logpdf(Z, m, s).sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(image["fromPrior"], log_joint - norm.logpdf(Z).sum(axis=1), rtol=1e-6)


def test_log_mean_exp(js):
    assert js("logMeanExp", [-1000, -1000]) == pytest.approx(-1000)
    assert js("logMeanExp", [0, np.log(3)]) == pytest.approx(np.log(2))


def test_the_encoder(js, vae, X):
    encoder = for_the_browser(layers_of(vae.encoder))
    for x in np.asarray(X):
        said = js.run("return script.encode(given.encoder, given.x)", encoder=encoder, x=x)
        with jax.enable_x64(True):
            m, s = in_float64(vae.encoder)(jnp.asarray(x, jnp.float64))
        np.testing.assert_allclose(said["m"], m, atol=1e-5)
        np.testing.assert_allclose(said["s"], s, atol=1e-5)


# A page that talks to `serve`: what it sends, in turn, and what it does with the first answer to it.
SERVED = """
const heard = [];
const { model, encoder, x } = given;
const scope = { onmessage: null, postMessage: (answer) => heard.push(answer) };
const send = (message) => scope.onmessage({ data: message });
const until = async (name, id) => {
  const isIt = (answer) => answer.job === name && answer.id === id && answer.stage !== "coarse";
  while (!heard.some(isIt)) await new Promise(setImmediate);
};
script.serve(scope);
"""


@pytest.fixture(scope="module")
def page(js, vae, X):
    """page(lines) runs them on the page's side of a worker that was told of the VAE."""
    given = {
        "model": model_for_the_browser(vae.decoder),
        "encoder": for_the_browser(layers_of(vae.encoder)),
        "x": np.asarray(X[0]),
    }
    return lambda lines: js.run(SERVED + lines + "\nreturn heard;", **given)


def test_an_urgent_question_is_answered_between_two_slices(page, cases):
    heard = page("""
        scope.postMessage = (answer) => {
          heard.push(answer);
          const elbo = { job: "elbo", id: answer.logP, x, m: [0, 0], s: [1, 1], nodes: 50 }; // many slices
          if (answer.job === "posterior") send(elbo);
        };
        send({ set: { model, encoder } });
        send({ job: "posterior", id: 1, x });
        send({ job: "encode", id: 2, x });
        await until("posterior", 1);
        await until("elbo", heard.findLast((answer) => answer.job === "posterior").logP);
        heard.push({ elbo: script.elbo(model, x, [0, 0], [1, 1], 50) });
    """)
    assert heard[0]["job"] == "encode"
    *asked, directly = heard[1:]
    assert [answer["job"] for answer in asked] == ["posterior", "elbo"] * (len(asked) // 2)
    assert [answer["id"] for answer in asked[1::2]] == [answer["logP"] for answer in asked[::2]]
    assert asked[-2]["stage"] == "exact"
    expected = cases["vae"].said["images"][0]["posterior"][-1]
    assert asked[-2]["logP"] == pytest.approx(expected["logP"], abs=1e-3)
    assert asked[-1]["elbo"] == directly["elbo"]


def test_a_newer_question_replaces_the_older_and_long_ones_take_turns(page):
    heard = page("""
        send({ set: { model, encoder } });
        for (const id of [1, 2, 3]) send({ job: "posterior", id, x });
        send({ job: "picture", id: 4, x, extent: [-1, 1, -1, 1], cells: 64 });
        await until("posterior", 3);
        const { mode, mean, sd } = heard.at(-1);
        send({ job: "best", id: 5, x, mode, mean, sd });
        send({ job: "weights", id: 6, x, points: [0, 0, 1, 1], m: [0, 0], s: [1, 1] });
        await until("best", 5);
        await until("picture", 4);
    """)
    jobs = [(answer["job"], answer["id"]) for answer in heard]
    assert set(jobs) == {("posterior", 3), ("picture", 4), ("best", 5), ("weights", 6)}
    assert jobs.index(("picture", 4)) < max(i for i, job in enumerate(jobs) if job == ("posterior", 3))
    assert jobs.index(("weights", 6)) < jobs.index(("best", 5))


def test_what_goes_wrong_is_said_and_ends_nothing(page):
    heard = page("""
        send({ job: "posterior", id: 1, x });
        send({ set: { model: { sigma: 0.1 } } });
        send({ set: { model } });
        send({ job: "encode", id: 2, x });
        send({ job: "dance", id: 3, x });
        send({ job: "posterior", id: 4, x: [0, 1] });
        send({ job: "posterior", id: 5, x: x.map(() => NaN) });
        await until("posterior", 5);
        send({ job: "elbo", id: 6, x, m: [0, 0], s: [1, 1] });
        await until("elbo", 6);
    """)
    errors = {answer.get("id"): answer["error"] for answer in heard[:-1]}
    assert list(errors) == [1, None, 3, 4, 2, 5]
    assert "no model" in errors[1]
    assert "no encoder" in errors[2]
    assert "dance" in errors[3]
    assert "64 pixels, got 2" in errors[4]
    assert "not finite" in errors[5]
    assert "elbo" in heard[-1]


def test_sigma_alone_may_change(page, cases):
    heard = page("""
        send({ set: { model, encoder } });
        send({ set: { model: { sigma: 0.05 } } });
        send({ job: "posterior", id: 1, x });
        await until("posterior", 1);
    """)
    expected = cases["sharp"].said["images"][0]["posterior"][-1]["logP"]
    assert heard[-1]["logP"] == pytest.approx(expected, abs=5e-3)  # 0.05 in float32 is not 0.05


# A worker that runs the text that it is given, as a classic script, in the same thread.
CONNECTED = """
const { resolveObjectURL } = await import("node:buffer");
const { model, encoder, x } = given;
const heard = [];
globalThis.Worker = class {
  constructor(url) {
    globalThis.worker = this;
    const scope = { postMessage: (data) => this.onmessage({ data }) };
    this.scope = resolveObjectURL(url).text().then((text) => (new Function("self", text)(scope), scope));
  }
  postMessage(data) {
    const copy = structuredClone(data);
    const said = this.scope.then((scope) => scope.onmessage({ data: copy }));
    said.catch((error) => this.onerror({ message: String(error) }));
  }
  terminate() {
    heard.push("closed");
  }
};
const source = readFileSync(new URL("./inference.js", import.meta.url), "utf8");
const until = async (test) => {
  while (!heard.some(test)) await new Promise(setImmediate);
};
"""


def test_a_page_is_connected_to_a_worker_and_hears_no_late_answers(js, vae, X):
    body = """
        const worker = script.connect(source, (answer) => heard.push(answer));
        worker.set({ model, encoder });
        for (let i = 0; i < 3; i++) worker.ask("elbo", { x, m: [i, 0], s: [1, 1] });
        worker.ask("posterior", { x });
        await until((answer) => answer.job === "posterior");
        worker.set({ model });
        const before = heard.length;
        worker.ask("elbo", { x, m: [5, 0], s: [1, 1] });
        for (const id of [3, 4]) globalThis.worker.onmessage({ data: { job: "elbo", id } }); // too late
        globalThis.worker.onmessage({ data: { job: "posterior", id: 4 } });
        await until((answer) => answer.job === "elbo" && answer.id === 5);
        worker.close();
        return { heard, after: heard.slice(before), elbo: script.elbo(model, x, [5, 0], [1, 1]) };
    """
    given = {"model": model_for_the_browser(vae.decoder), "x": np.asarray(X[0])}
    said = js.run(CONNECTED + body, encoder=for_the_browser(layers_of(vae.encoder)), **given)
    elbos = [answer["id"] for answer in said["heard"][:-1] if answer["job"] == "elbo"]
    assert elbos == [3, 5]
    assert [answer["id"] for answer in said["after"][:-1]] == [5]  # none about the old model
    assert said["after"][0]["elbo"] == said["elbo"]
    assert said["after"][-1] == "closed"


NO_WORKERS = {
    "there are none": "delete globalThis.Worker;",
    "the page forbids them": "globalThis.Worker = class { constructor() { throw new Error('no'); } };",
}


@pytest.mark.parametrize("without", NO_WORKERS.values(), ids=NO_WORKERS)
def test_without_a_worker_there_is_an_error_to_show(js, without):
    body = """
        const worker = script.connect(source, (answer) => heard.push(answer));
        worker.set({ model: 1 });
        worker.ask("elbo", {});
        worker.close();
        await new Promise(setImmediate);
        return heard;
    """
    [said] = js.run(CONNECTED + without + body)
    assert list(said) == ["error"]


def test_a_text_that_does_not_run_is_an_error_to_show(js):
    body = """
        const worker = script.connect("this is no program", (answer) => heard.push(answer));
        worker.set({ model: 1 });
        await until((answer) => answer.error);
        return heard;
    """
    assert "SyntaxError" in js.run(CONNECTED + body)[0]["error"]
