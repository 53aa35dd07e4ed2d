"""Training the VAE: `fit` against a jitted step in a Python loop, Flax NNX and PyTorch; and several starts.

All begin with the same weights and train on the same images; their steps are those of docs/your-framework.md.
The loops are kind: rows are cut by numpy, and nobody waits for the loss of a step but each hundredth.
"""

import contextlib
import functools
import itertools
import os
import re
import tempfile
import time
import timeit
from statistics import mean, median, stdev

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.stats import f_oneway

from benchmarks.page import at_their_best, goal, spread, table
from benchmarks.workers import ROOT, THREADS, peers, turns, worker
from vae_course import data, fit, fit_starts, losses, models

TITLE = "Training"
BATCH, SHORT = 128, 100
ONE_BY_ONE, TOGETHER = "`fit` three times", "`fit_starts`"
SIZES = (256, 512, 1024, 2048)  # of the matrix products
NOISES = 20  # draws for each image when the bound is measured
WEIGHTS = 64 * 128 + 128 * 128 + 128 * 4 + 2 * 128 + 128 * 128 + 128 * 64
FLOPS = 2 * 3 * BATCH * WEIGHTS  # of a step: forward, and twice as much backward


def page_code(kind):
    """The names that docs/your-framework.md defines for a framework."""
    page, names = (ROOT / "docs/your-framework.md").read_text(), {}
    for source in re.findall(rf"(?ms)^```python {kind}\n(.*?)^```$", page):
        exec(compile(source, f"docs/your-framework.md, {kind}", "exec"), names)
    return names


@functools.cache
def images():
    """Training and held-out images, as numpy has them."""
    digits = data.load_digits()
    return np.array(digits.train_images), np.array(digits.test_images)


def batches(start, steps):
    """The numbers of the images of each step, each once in an epoch."""
    rng, count = np.random.default_rng(start), len(images()[0])
    epochs = (rng.permutation(count)[: -(count % BATCH)].reshape(-1, BATCH) for _ in itertools.count())
    return itertools.islice(itertools.chain.from_iterable(epochs), steps)


# Each contender: prepare(start), train(what was prepared, start, steps) and elbo(trained, X, eps).


def with_fit():
    """The course's `fit`, whose Adam has learning rate 1e-3."""
    X = data.load_digits().train_images

    def train(vae, start, steps):
        run = fit(vae, losses.vae_loss, X, steps=steps, batch_size=BATCH, key=jax.random.key(start))
        return jax.block_until_ready(run.model)

    return models.new_vae, train, our_elbo()


def our_elbo():
    """The page's bound of one image, for a batch."""
    return eqx.filter_jit(jax.vmap(page_code("ours")["elbo"], in_axes=(None, 0, 0)))


def with_equinox():
    """A jitted step that is called from Python, as Equinox's examples do it."""
    adam, X = optax.adam(1e-3), images()[0]

    @eqx.filter_jit
    def step(vae, state, x, key):
        key, of_step = jax.random.split(key)

        def mean_loss(vae):
            keys = jax.random.split(of_step, len(x))
            return jax.vmap(losses.vae_loss, in_axes=(None, 0, 0))(vae, x, keys).mean()

        loss, gradient = eqx.filter_value_and_grad(mean_loss)(vae)
        updates, state = adam.update(gradient, state)
        return eqx.apply_updates(vae, updates), state, key, loss

    def train(vae, start, steps):
        state, key = adam.init(eqx.filter(vae, eqx.is_inexact_array)), jax.random.key(start)
        for number, rows in enumerate(batches(start, steps), 1):
            vae, state, key, loss = step(vae, state, X[rows], key)
            if number % 100 == 0:
                float(loss)
        return jax.block_until_ready(vae)

    return models.new_vae, train, our_elbo()


def with_flax(cached=False):
    """The page's step, called from Python; `cached` looks through the model once, and not at each step."""
    from flax import nnx

    page, X = page_code("flax"), images()[0]

    def prepare(start):
        vae = page["VAE"](nnx.Rngs(0))
        page["put_in"](vae, models.new_vae(start))
        return vae

    def train(vae, start, steps):
        rng, optimizer = (
            np.random.default_rng(100 + start),
            nnx.Optimizer(vae, optax.adam(1e-3), wrt=nnx.Param),
        )
        bind = nnx.cached_partial if cached else functools.partial
        step = bind(page["step"], vae, optimizer)
        for number, rows in enumerate(batches(start, steps), 1):
            loss = step(X[rows], rng.standard_normal((BATCH, 2), np.float32))
            if number % 100 == 0:
                float(loss)
        jax.block_until_ready(loss)
        return vae

    return prepare, train, page["elbo"]


def with_torch(compiled=False):
    """The page's step; `compiled` has its bound compiled, and Adam in one kernel."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    page = page_code("torch")
    elbo = page["elbo"]
    if compiled:
        page["elbo"] = torch.compile(elbo)
    X = torch.from_numpy(images()[0])

    def prepare(start):
        vae = page["VAE"]()
        page["put_in"](vae, models.new_vae(start))
        return vae

    def train(vae, start, steps):
        torch.manual_seed(start)
        optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3, fused=compiled)
        for rows in batches(start, steps):
            page["step"](vae, optimizer, X[torch.from_numpy(rows)], torch.randn(BATCH, 2))
        return vae

    @torch.no_grad()
    def bound(vae, x, eps):
        return elbo(vae, torch.from_numpy(x), torch.from_numpy(eps)).numpy()

    return prepare, train, bound


CONTENDERS = {  # and the peer that each needs
    "`fit`": (with_fit, None),
    "Equinox, a jitted step in a loop": (with_equinox, None),
    "Flax NNX, as in its examples": (with_flax, "flax"),
    "Flax NNX, with `cached_partial`": (functools.partial(with_flax, cached=True), "flax"),
    "PyTorch, eager": (with_torch, "torch"),
    "PyTorch, `torch.compile`": (functools.partial(with_torch, compiled=True), "torch"),
}


# What the workers are asked for.


@functools.cache
def contender(name):
    """Its three functions, made once."""
    make, _ = CONTENDERS[name]
    return make()


def trained(name, start, steps):
    """(seconds, the mean bounds of training and held-out images): everybody's bounds have the same noise."""
    prepare, train, elbo = contender(name)
    vae = prepare(start)
    begin = time.perf_counter()
    vae = train(vae, start, steps)
    seconds, bounds, rng = time.perf_counter() - begin, [], np.random.default_rng(0)
    for X in images():
        X = np.repeat(X, NOISES, axis=0)
        bounds.append(float(np.mean(elbo(vae, X, rng.standard_normal((len(X), 2), np.float32)))))
    return seconds, bounds


def three_starts(at_once, steps):
    """Seconds for three starts: by `fit_starts`, or by `fit` one after the other."""
    prepare, train, _ = contender("`fit`")
    vaes = [prepare(start) for start in range(3)]
    begin = time.perf_counter()
    if at_once:
        keys, X = [jax.random.key(start) for start in range(3)], data.load_digits().train_images
        runs = fit_starts(vaes, losses.vae_loss, X, keys=keys, steps=steps, batch_size=BATCH)
        jax.block_until_ready([run.model for run in runs])
    else:
        for start, vae in enumerate(vaes):
            train(vae, start, steps)
    return time.perf_counter() - begin


def products(library):
    """Billions of operations a second of float32 matrix products, {size: the best of several}."""
    multiply, put = (jax.jit(jnp.matmul), jax.device_put) if library == "jax" else (np.matmul, np.asarray)
    rng, found = np.random.default_rng(0), {}
    for size in SIZES:
        a, b = map(put, rng.standard_normal((2, size, size), np.float32))
        times = timeit.repeat(lambda a=a, b=b: jax.block_until_ready(multiply(a, b)), number=1, repeat=10)
        found[size] = 2e-9 * size**3 / min(times)
    return found


# What asks them.


def beyond_short(process, steps, *question):
    """(short, long): the answers for a few steps, and for so many more. Compiling is in both."""
    return [process.submit(*question, each).result() for each in (SHORT, SHORT + steps)]


def measure(options):
    """Everything in turns, round after round."""
    steps, rounds, numbers = (100, 2, THREADS[-1:]) if options.quick else (1000, 5, THREADS)
    versions, absent = peers("torch", "flax")
    names = [name for name, (_, peer) in CONTENDERS.items() if peer in (None, *versions)]
    workers, runs, multiplied = {}, [], []
    starts = [{"name": name, "threads": t, "seconds": []} for t in numbers for name in (ONE_BY_ONE, TOGETHER)]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for threads, name in itertools.product(numbers, [*names, "numpy", "jax"]):
            cache = f"{folder}/{threads}"  # so that neither finds what the other has compiled
            process = stack.enter_context(worker(threads, TORCHINDUCTOR_CACHE_DIR=cache))
            workers[name, threads], row = process, {"name": name, "threads": threads}
            if name not in names:
                multiplied.append(row | {"rates": {}})
                continue
            try:
                first, _ = process.submit(trained, name, 0, SHORT).result()
                runs.append(row | {"first": first, "short": [], "ms": [], "train": [], "held out": []})
            except Exception as error:  # `torch.compile` needs a C++ compiler
                absent.append(f"{name} failed: {error}")
        for number, row in turns("training", [*runs, *multiplied], rounds):
            process = workers[row["name"], row["threads"]]
            if "rates" in row:
                for size, rate in process.submit(products, row["name"]).result().items():
                    row["rates"][size] = max(rate, row["rates"].get(size, 0))
                continue
            (short, _), (long, (train, held_out)) = beyond_short(process, steps, trained, row["name"], number)
            row["short"].append(short)
            row["ms"].append(1e3 * (long - short) / steps)
            row["train"].append(train)
            row["held out"].append(held_out)
        for number, row in turns("training, three starts", starts, rounds + 1):
            process, at_once = workers["`fit`", row["threads"]], row["name"] == TOGETHER
            short, long = beyond_short(process, steps, three_starts, at_once)
            row["seconds"] += [long - short] * (number > 0)  # what comes first is slower
    found = {"steps": steps, "runs": runs, "starts": starts, "products": multiplied}
    return found | {"versions": versions, "absent": absent}


# The page.


def product_rates(results):
    """{threads: billions of operations a second of the best matrix product}."""
    found = {}
    for row in results["products"]:
        found[row["threads"]] = max(found.get(row["threads"], 0), *row["rates"].values())
    return found


def starts_compared(results):
    """The three starts one after the other; at once; and round for round, how many times as fast that is."""
    runs = at_their_best(results["starts"], "seconds")
    one_by_one, at_once = runs[ONE_BY_ONE], runs[TOGETHER]
    pairs = zip(one_by_one["seconds"], at_once["seconds"], strict=True)
    return one_by_one, at_once, [slow / fast for slow, fast in pairs]


def rate(ms):
    """Billions of operations a second, at so many milliseconds a step."""
    return FLOPS / ms / 1e6


def goals(results):
    """What was asked of training."""
    runs = at_their_best(results["runs"], "ms")
    medians = {name: median(run["ms"]) for name, run in runs.items()}
    ours, top = medians.pop("`fit`"), max(product_rates(results).values())
    fastest = min(medians, key=medians.get)
    _, at_once, factors = starts_compared(results)
    together = rate(1e3 * median(at_once["seconds"]) / 3 / results["steps"])
    found = [
        (f"`fit` against the fastest peer ({fastest})", medians[fastest] / ours, 4, "times as fast"),
        ("`fit`: share of the machine's best matrix product", 100 * rate(ours) / top, 40, "%"),
        ("three starts at once: share of the same", 100 * together / top, 40, "%"),
        ("three starts at once against one after the other", median(factors), 1.8, "times as fast"),
    ]
    for which in ("train", "held out"):
        # One group for each framework: what differs only in how it is compiled draws the same noise.
        groups = {name.split(",")[0]: run[which] for name, run in runs.items()}
        p = f_oneway(*groups.values()).pvalue
        found.append((f"the same {which} bound, whoever trains (p of no difference)", p, 0.01, ""))
    return [goal(what, number, "at least", asked, unit) for what, number, asked, unit in found]


def of_threads(number):
    """'1 thread', '2 threads'."""
    return f"{number} thread{'s' * (number != 1)}"


def per_start(values):
    """The mean over starts, and how far one start is from it: '18.2, sd 0.3'."""
    return f"{mean(values):.2f}, sd {stdev(values):.2f}"


def lines(results):
    """The section of the page."""
    runs, tops, rows = at_their_best(results["runs"], "ms"), product_rates(results), []
    for name, run in runs.items():
        ms = median(run["ms"])
        factor, compiling = ms / median(runs["`fit`"]["ms"]), run["first"] - median(run["short"])
        shares = [f"{100 * rate(ms) / top:.0f}" for top in (tops[run["threads"]], max(tops.values()))]
        row = [name, run["threads"], spread(run["ms"]), f"{factor:.1f}", ", ".join(shares)]
        rows.append([*row, f"{compiling:.1f}", per_start(run["train"]), per_start(run["held out"])])
    one_by_one, at_once, factors = starts_compared(results)
    columns = "who,threads,ms a step,times as long as `fit`,share of the matrix product (%),compiling (s)"
    products = [
        [f"{row['name']}, {of_threads(row['threads'])}", *(f"{rate:.0f}" for rate in row["rates"].values())]
        for row in results["products"]
    ]
    return [
        f"The VAE of the course, 64-128-128-2, batches of {BATCH}, Adam with learning rate 1e-3. "
        f"{len(runs['`fit`']['ms'])} starts of {results['steps']:,} steps, all in turns, each contender at "
        "its best number of threads. Time is a long run less a short one, so compiling stands apart. Shares "
        "are those of the best matrix product on as many threads, and of the machine's best.",
        "",
        *table([*columns.split(","), "train ELBO (nats)", "held-out ELBO (nats)"], rows),
        "",
        "Three starts: "
        + "; ".join(
            f"{row['name']} {spread(row['seconds'])} s ({of_threads(row['threads'])})"
            for row in (one_by_one, at_once)
        )
        + f", {spread(factors)} times as fast.",
        "",
        f"Matrix products in float32, best of each size, in billions of operations a second; a step has "
        f"{FLOPS / 1e6:.0f} million.",
        "",
        *table(["product", *(f"{size:,}" for size in SIZES)], products),
    ]
