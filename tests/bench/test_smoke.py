#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_smoke.py BUILD: the bench's programs run and its results have the shape that scripts read.

What they measured in so short a time is not judged, but that something was measured is."""

import json
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parent / "bench.py"
KEYS = {"size": str, "pipeline": str, "ratio_to_floor_p50": float, "ratio_to_floor_p99": float,
        "ratio_to_gnd_p50": float, "cpu_ratio_to_gnd": float, "ssim": float}


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "results.json"
        code = subprocess.run([sys.executable, BENCH, "all", "--build", sys.argv[1], "--rounds", "1",
                               "--seconds", "0.5", "--warm", "0.1", "--mode", "1280x720@30",
                               "--quiet", "--json", path], check=False).returncode
        if code:
            return code
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    if sorted(result["pipeline"] for result in results) != ["floor", "gnd", "ours", "stock"]:
        print(f"not every pipeline was measured: {results}")
        return 1
    for result in results:
        for key, kind in KEYS.items():
            if not isinstance(result.get(key), kind) or (kind is float and result[key] < 0):
                print(f"{result['pipeline']}: {key} is {result.get(key)!r}")
                return 1
        if not 0.3 < result["ssim"] <= 1:
            print(f"{result['pipeline']}: what was received is not what was shown: {result}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
