# SPDX-License-Identifier: MIT
"""The rate test: whole sessions through a link that follows a script (tests/lab/rate.py)."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import rate as lab  # noqa: E402


def rate(arguments):
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
