# SPDX-License-Identifier: MIT
"""The way to a sink, and how the stream follows a link that changes."""

import json
import os
import pathlib
import subprocess
import sys

import figures
from figures import median, ratio, rounded

LAB = pathlib.Path(__file__).resolve().parents[1] / "lab"
sys.path.insert(0, str(LAB))
import rate as lab  # noqa: E402
import stage  # noqa: E402

# Of tests/lab/rig/steps.py: what each is.
STEPS = {
    "start": "program started, until it searches",
    "find": "search, until the sink is found",
    "ask": "connect, until the sink sees the request",
    # Both listen and call on changing channels until they meet: chance, up to two seconds.
    "agree": "the sink's consent, until both have agreed who owns the group",
    "form": "keys, until the group runs here",
    "address": "group, until the sink has its address",
    "rtsp": "the sink dials, until our first byte",
}


def rate(arguments):
    """Whole sessions through a link that follows a script (tests/lab/rate.py)."""
    build = pathlib.Path(arguments.build)
    plots = build / "plots"
    results = []
    for _ in range(arguments.rounds):
        for name in lab.SCENARIOS:
            arguments.say(f"link: {name}")
            result = lab.run(str(build / "host" / "miracast"), name, plots)
            lab.show(result)
            results.append(result)
    print(f"plots: {plots}/rate-*.png")
    return results


def in_rig(build, rounds):
    """What the script in the rig wrote; seconds of the guest's clock."""
    out = build / "rig-out"
    (out / "steps.json").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, LAB / "rig/run.py", "--timeout", "3600", "--out", out,
         "--cache", os.environ.get("MIRACAST_RIG_CACHE", build / "rig"),
         "/usr/bin/python3", LAB / "rig/steps.py", build / "host/miracast", str(rounds), "/rig/out/steps.json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 77:
        raise stage.harness.Skipped(done.stdout.strip())
    if done.returncode:
        raise stage.harness.Failure(f"the rig ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-500:]}")
    return json.loads((out / "steps.json").read_text())


def whole(laps):
    return sum(took for step, took in laps.items() if step != "start")


def spread(times):
    """What a median of few rounds hides."""
    times = [time for time in times if time is not None]
    return f"{min(times):.2f}-{max(times):.2f}" if times else "-"


def steps(arguments):
    """Each step over simulated radios, beside the same by wpa_supplicant's commands alone."""
    taken = in_rig(pathlib.Path(arguments.build).resolve(), arguments.rounds)
    rows, results = [], []
    for step, what in {**STEPS, "all": "from the search to RTSP"}.items():
        times = {who: [whole(laps) if step == "all" else laps.get(step) for laps in taken[who]] for who in taken}
        hand, product = median(times["hand"]), median(times["product"])
        rows.append([step, what, hand, spread(times["hand"]), product, spread(times["product"]), ratio(product, hand)])
        results.append({"step": step, "hand_s": rounded(hand), "product_s": rounded(product),
                        "ratio": rounded(ratio(product, hand), 2),
                        "rounds": {who: [rounded(time) for time in times[who]] for who in times}})
    figures.table(f"the way to a sink over simulated radios (s of the rig's clock, medians of {arguments.rounds})",
                  ["step", "what", "by hand", "", "product", "", "ratio"], rows)
    return results
