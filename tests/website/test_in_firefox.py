"""Pages with instruments in Firefox, opened from disk: each comes alive and moves, and nothing goes wrong."""

import itertools
import json
import re
import shutil
import subprocess

import pytest
from websocket import create_connection

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
pytestmark = pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox")

# Each instrument in turn: into view, alive, its first slider or handle moved, and what it shows then.
DRIVE = """async () => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const seen = [];
    for (const place of document.querySelectorAll(".instrument")) {
        for (let fold = place; (fold = fold.parentElement?.closest("details")); ) fold.open = true;
        place.scrollIntoView({ block: "center" });
        for (let i = 0; i < 100 && !place.querySelector(".sentence")?.textContent; i++) await pause(100);
        await pause(1000);
        const show = () => [place.querySelector(".sentence").textContent,
            ...[...place.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL())].join();
        const before = show();
        const control = place.querySelector("input[type=range], .handle");
        if (control?.type === "range") {
            control.value = control.value === control.max ? control.min : control.max;
            control.dispatchEvent(new Event("input", { bubbles: true }));
        } else control?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
        await pause(700);
        seen.push([place.dataset.cell, place.classList.contains("alive"), !control || show() !== before]);
    }
    return JSON.stringify(seen);
}"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    """firefox("session.status", {}) asks it by WebDriver BiDi; firefox.events is what it has said."""
    profile = tmp_path_factory.mktemp("firefox")
    command = [
        FIREFOX,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8")
    address = next(filter(None, (re.search(r"BiDi listening on (\S+)", line) for line in process.stderr)))[1]
    socket = create_connection(f"{address}/session", timeout=120, suppress_origin=True)
    numbers, events = itertools.count(), []

    def ask(method, params):
        number = next(numbers)
        socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(socket.recv())).get("id") != number:
            events.append(answer)
        assert answer["type"] == "success", answer
        return answer["result"]

    ask.events = events
    ask("session.new", {"capabilities": {}})
    ask("session.subscribe", {"events": ["log.entryAdded"]})
    yield ask
    socket.close()
    process.terminate()
    process.wait()
    process.stderr.close()


@pytest.mark.parametrize("name", ["index", "00_start_here", "02_map", "03_decoder_only", "05_elbo"])
def test_each_instrument_moves(firefox, site, name):
    context = firefox("browsingContext.getTree", {})["contexts"][0]["context"]
    url = (site / f"{name}.html").as_uri()
    firefox("browsingContext.navigate", {"context": context, "url": url, "wait": "complete"})
    params = {"target": {"context": context}, "functionDeclaration": DRIVE, "awaitPromise": True}
    seen = json.loads(firefox("script.callFunction", params)["result"]["value"])
    assert seen
    assert all(alive and moved for _, alive, moved in seen), seen
    said = [event["params"] for event in firefox.events if event.get("method") == "log.entryAdded"]
    assert [entry["text"] for entry in said if entry["level"] == "error"] == []
