"""`Sheet` from Python's side, sheet.js by node against scikit-learn and scipy, and its page in a browser."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation
from sklearn.decomposition import PCA

from vae_course.data import load_digits
from vae_course.models import Decoder, LinearDecoder, apply
from vae_course.teaching.explorer import Sheet
from vae_course.teaching.explorer.sheet import FLAT, MESH
from vae_course.teaching.figures import styled

MINUS = "\N{MINUS SIGN}"
TURNS = [(0, 0), (60, 20), (-135, -40), (10, 90)]


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global X, LABELS, CODES, DECODER, PLACES
    digits = load_digits()
    X, LABELS = np.asarray(digits.train_images), np.asarray(digits.train_labels)
    CODES = np.asarray(jax.random.normal(jax.random.key(1), (len(X), 2)))
    DECODER = Decoder(key=jax.random.key(0), width=16)
    PLACES = np.random.RandomState(0).randn(50, 3)


def make(**changes):
    arguments = {"decoder": DECODER, "X": X, "labels": LABELS, "codes": CODES} | changes
    return Sheet(**arguments)


def floats(sent, columns):
    return np.frombuffer(sent, np.float32).reshape(-1, columns)


def of_pca(images, sheet):
    """scikit-learn's coordinates, with the signs that the sheet's components have."""
    pca = PCA(3, svd_solver="full").fit(X.astype(float))
    signs = np.sign(np.sum(pca.components_ * floats(sheet._axes, 64), axis=1))
    return pca.transform(np.asarray(images, float)) * signs


@pytest.fixture(scope="module")
def js(script):
    return script("sheet.js")


@pytest.fixture(scope="module")
def sheet():
    return make(z=(0.5, -1))


def test_images_and_sheet_lie_where_pca_puts_them(sheet):
    np.testing.assert_allclose(floats(sheet._points, 3), of_pca(X, sheet), atol=1e-4)
    z1 = np.linspace(*sheet._extent[:2], MESH)
    z2 = np.linspace(*sheet._extent[2:], MESH)
    mesh = floats(sheet._mesh, 3).reshape(MESH, MESH, 3)  # z1 runs fastest
    for row, column in ((0, 0), (3, 20), (MESH - 1, 7)):
        image = DECODER(jnp.array([z1[column], z2[row]], jnp.float32))
        np.testing.assert_allclose(mesh[row, column], of_pca(image[None], sheet)[0], atol=1e-4)
    assert sheet._share == pytest.approx(
        PCA(3).fit(X.astype(float)).explained_variance_ratio_.sum(), abs=1e-5
    )


def test_the_best_linear_decoder_has_pcas_plane_for_a_sheet():
    pca = PCA(2).fit(X.astype(float))
    linear = LinearDecoder(key=jax.random.key(0))
    weights = jnp.asarray(pca.components_.T, jnp.float32), jnp.asarray(pca.mean_, jnp.float32)
    linear = eqx.tree_at(lambda d: (d.linear.weight, d.linear.bias), linear, weights)
    flat = make(decoder=linear, codes=pca.transform(X))
    np.testing.assert_allclose(floats(flat._mesh, 3)[:, 2], 0, atol=1e-4)
    assert np.ptp(floats(flat._mesh, 3)[:, 0]) > 1


def test_a_decoded_image_is_projected_in_the_browser_as_in_sklearn(js, sheet):
    images = apply(DECODER, jnp.asarray(CODES[:20], jnp.float32))
    pca = {"mean": floats(sheet._mean, 64)[0].tolist(), "axes": floats(sheet._axes, 64).ravel().tolist()}
    found = js.at(np.asarray(images).tolist(), "project", pca)
    np.testing.assert_allclose(found, of_pca(images, sheet), atol=1e-4)


@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_is_a_rotation(js, turn):
    seen = np.reshape(js("turned", PLACES.ravel().tolist(), turn), (-1, 3))
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), np.linalg.norm(PLACES, axis=1))
    up = Rotation.from_euler(
        "zx", [turn[0], turn[1]], degrees=True
    )  # about the third, then towards the reader
    right, away, height = up.apply(PLACES).T
    # From above, what lies away is seen higher, and what is high is nearer.
    np.testing.assert_allclose(seen, np.stack([right, height, away], axis=1), atol=1e-12)


def test_what_is_farthest_is_drawn_first(js):
    depths = js("depthsOf", PLACES.ravel().tolist(), 46, [{"corners": [46, 47, 48, 49]}])
    np.testing.assert_allclose(depths, [*PLACES[:46, 2], PLACES[46:, 2].mean()])
    assert js("backToFront", depths) == np.argsort(-np.array(depths), kind="stable").tolist()


def test_faces_cover_the_mesh_and_share_their_corners(js):
    faces = js("facesOf", 10, 5, True)
    assert len(faces) == 16
    corners = np.array([face["corners"] for face in faces]) - 10
    rows, columns = corners // 5, corners % 5
    assert (np.ptp(rows, axis=1) == 1).all()
    assert (np.ptp(columns, axis=1) == 1).all()
    assert len(np.unique(np.sort(corners), axis=0)) == 16
    edges = [tuple(sorted(edge)) for face in faces for edge in face["edges"]]
    assert len(edges) == len(set(edges)) == 3 * 4 * 2  # three lines of four pieces, each way
    assert js("facesOf", 0, 5, False)[0]["edges"] == []


def test_the_flat_mesh_is_pcas_plane_over_the_points(sheet):
    flat, points = floats(sheet._flat, 3), of_pca(X, sheet)
    assert len(flat) == FLAT**2
    assert not flat[:, 2].any()
    np.testing.assert_allclose(flat[:, :2].min(axis=0), points[:, :2].min(axis=0), atol=1e-4)
    np.testing.assert_allclose(flat[:, :2].max(axis=0), points[:, :2].max(axis=0), atol=1e-4)
    steps = np.diff(flat.reshape(FLAT, FLAT, 3), axis=1)  # each line runs across, in equal steps
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0, 0], steps.shape), atol=1e-5)


@pytest.mark.parametrize("tilt", [0, 30, 75, 90])
def test_light_falls_by_the_cosine(js, tilt):
    square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    seen = Rotation.from_euler("x", tilt, degrees=True).apply(square)
    assert js("facing", seen.ravel().tolist(), [0, 1, 2, 3]) == pytest.approx(
        np.cos(np.radians(tilt)), abs=1e-9
    )


def test_each_digit_is_named_at_the_middle_of_its_images(sheet):
    digits = [name for name in sheet._names if name["large"]]
    assert [name["text"] for name in digits] == list("0123456789")
    middles = [of_pca(X[digit == LABELS], sheet).mean(axis=0) for digit in range(10)]
    np.testing.assert_allclose([name["place"] for name in digits], middles, atol=1e-4)


def test_each_component_is_named_where_the_points_end(sheet):
    components = [name for name in sheet._names if not name["large"]]
    assert [name["text"] for name in components] == ["component 1", "component 2", "component 3"]
    ends = np.diag(of_pca(X, sheet).max(axis=0))
    np.testing.assert_allclose([name["place"] for name in components], ends, atol=1e-4)
    assert sheet._radius == pytest.approx(np.linalg.norm(of_pca(X, sheet), axis=1).max(), rel=1e-4)


def test_the_nearest_image_is_the_nearest_in_squared_distance(js):
    images, image = X[:100], np.asarray(DECODER(jnp.zeros(2)))
    distances = ((images - image) ** 2).sum(axis=1)
    found = js("nearestImage", images.ravel().tolist(), image.tolist())
    assert found["index"] == distances.argmin()
    assert found["distance"] == pytest.approx(distances.min(), rel=1e-5)


@pytest.mark.parametrize(
    ("by", "turn"), [((0, 0), [170, 80]), ((20, 0), [-170, 80]), ((-400, 0), [130, 80]), ((0, 30), [170, 90])]
)
def test_one_may_turn_around_for_ever_but_not_over_the_top(js, by, turn):
    assert js("turnedBy", [170, 80], by) == turn


def test_the_sentence_says_how_far_the_nearest_image_is(js):
    sentence = js("describe", [-5, 5, -5, 5], [1.2, -0.5], 8, 1.234)
    assert sentence == (
        f"z = (1.20, {MINUS}0.50). The nearest training image, an 8, is 1.23 away (squared distance)."
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"decoder": None}, "`decoder` must be a Decoder or a LinearDecoder, got NoneType"),
        ({"decoder": lambda: Decoder(key=jax.random.key(0), latents=3)}, "`decoder` must have 2 latents"),
        ({"X": lambda: X[:, :9]}, r"`X` must .*\(any, 64\), got shape \(1497, 9\)"),
        ({"X": lambda: X * np.nan}, "`X` must .*got NaN"),
        ({"X": lambda: X + 1}, "`X` must hold ink from 0 to 1"),
        ({"X": lambda: X[:0]}, "`X` must"),
        ({"X": lambda: X[:3], "labels": [1, 2, 3], "codes": np.eye(3, 2)}, "`X` must hold at least 4 images"),
        ({"X": lambda: 0 * X + 0.3}, "`X` must hold images that differ"),
        ({"labels": [1, 2]}, r"`labels` must .*\(1497,\), got shape \(2,\)"),
        ({"labels": lambda: LABELS + 5}, "`labels` must be whole numbers from 0 to 9"),
        ({"codes": lambda: CODES[:9]}, r"`codes` must .*\(1497, 2\), got shape \(9, 2\)"),
        ({"z": (1, 2, 3)}, "`z` must"),
        ({"title": " "}, "`title` must be words"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, complaint):
    made = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises((TypeError, ValueError), match=complaint):
        make(**made)


def test_what_the_reader_sets_is_read_and_assigned(sheet):
    assert sheet.z == (0.5, -1)
    sheet.set_state({"z": [1, 0.25], "turn": [-20, 35]})
    assert (sheet.z, sheet.turn) == ((1.0, 0.25), (-20.0, 35.0))
    with pytest.raises(ValueError, match="`turn` must be finite numbers"):
        sheet.turn = (1, 2, 3)
    np.testing.assert_allclose(make().z, CODES[0])


def test_the_still_picture_has_points_plane_sheet_and_z():
    made = make(z=(0.5, -1))
    cloud, plane = styled(made._figure)().axes
    places = [np.stack(dots._offsets3d, axis=1) for dots in cloud.collections[1:11]]
    shown = np.concatenate(places)
    apart, which = cKDTree(of_pca(X, made)).query(shown)
    np.testing.assert_allclose(apart, 0, atol=1e-4)
    assert set(np.asarray(LABELS)[which]) == set(range(10))
    assert len(set(which)) > 250  # some of each digit: a dot for each image would be a blot
    mark = np.ravel(cloud.lines[-1].get_data_3d())
    np.testing.assert_allclose(mark, of_pca(DECODER(jnp.array([0.5, -1.0]))[None], made)[0], atol=1e-4)
    assert "41% of the variance" in cloud.get_title() + cloud.get_title("left")
    assert len(plane.collections) == 10
    alt = re.search('alt="([^"]+)"', made.still())[1]
    assert "1,497 images" in alt
    assert "41% of the variance" in alt
    assert "This still picture has one in 5 of the 1,497 dots, and one in 8 of the codes." in alt


# The page, as the reader has it.


def pixels(page, canvas):
    return page.evaluate(f"document.querySelectorAll('.cloud canvas')[{canvas}].toDataURL()")


def test_one_turns_the_cloud_and_moves_z(shown, sheet):
    sheet.z, sheet.turn = (0.5, -1), (60, 20)
    page = shown(sheet, reduced_motion="reduce")
    assert page.evaluate("document.querySelector('.vae-instrument').offsetHeight") < 560
    cloud, mark = pixels(page, 0), pixels(page, 1)
    page.wait_for_timeout(100)
    assert pixels(page, 0) == cloud  # nothing moves by itself
    box = page.locator(".turn").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 80)
    page.mouse.up()
    page.wait_for_timeout(60)
    assert page.evaluate("model.get('turn')") == [80, 10]
    assert pixels(page, 0) != cloud
    page.keyboard.press("ArrowLeft")  # the click has given it the focus
    assert page.evaluate("model.get('turn')") == [75, 10]
    assert page.locator(".turn").get_attribute("aria-valuetext") == "75 degrees around, 10 from above"
    page.get_by_role("button", name="reset the view").click()
    page.wait_for_timeout(60)
    assert page.evaluate("model.get('turn')") == [60, 20]
    assert (pixels(page, 0), pixels(page, 1)) == (cloud, mark)
    page.locator(".plane .handle").focus()
    said = page.locator(".sentence").inner_text()
    page.keyboard.press("PageUp")
    page.wait_for_timeout(60)
    assert page.locator(".sentence").inner_text() != said
    assert pixels(page, 1) != mark
    assert pixels(page, 0) == cloud  # drawn again only when turned


def test_it_turns_once_at_the_start_and_stops_when_touched(shown, sheet):
    sheet.turn = (60, 20)
    page = shown(sheet)
    first = pixels(page, 0)
    page.wait_for_function(f"document.querySelector('.cloud canvas').toDataURL() !== '{first}'")
    page.locator(".turn").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    touched = pixels(page, 0)
    page.wait_for_timeout(150)
    assert pixels(page, 0) == touched
    assert page.evaluate("model.get('turn')") == [65, 20]
