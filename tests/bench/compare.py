# SPDX-License-Identifier: MIT
"""./dev bench latency, cpu and quality: the pipelines on the same frames, in turn, round by round."""

import figures
import stage as bed
from figures import median, percentile, ratio, rounded

ORDER = ("floor", "ours", "stock", "gnd")
EQUAL_SSIM_STEP = 0.05  # of the bit rate
STAGES = ("capture", "encode", "send", "total")


def rounds_of(arguments, mode, names, scene="mixed", every=0):
    """{name: [Run, ...]}: A B C D, A B C D, ..."""
    runs = {name: [] for name in names}
    with bed.Stage(arguments.build, mode, scene, warm_s=arguments.warm) as stage:
        for number in range(arguments.rounds):
            for name in names:
                arguments.say(f"{mode.name} {scene}: round {number + 1}, {name}")
                runs[name].append(stage.run(bed.PIPELINES[name], arguments.seconds, every=every))
    return runs


def summary(runs):
    """Medians over the rounds."""
    def over(figure):
        return median([figure(run) for run in runs])
    return {"age_p50": over(lambda run: percentile(run.ages_ms, 50)),
            "age_p95": over(lambda run: percentile(run.ages_ms, 95)),
            "age_p99": over(lambda run: percentile(run.ages_ms, 99)),
            "fps": over(lambda run: run.fps), "kbps": over(lambda run: run.kbps),
            "cpu_ms": over(lambda run: run.cpu_ms_per_picture),
            "cpu_percent": over(lambda run: run.cpu_percent),
            "ssim": over(lambda run: run.ssim), "psnr": over(lambda run: run.psnr),
            "largest": over(lambda run: max((p.bytes for p in run.pictures), default=None)),
            "lost": over(lambda run: run.lost)}


def results_of(mode, scene, sums):
    """The objects of --json: one for each size and pipeline."""
    floor, gnd, stock = (sums.get(name, {}) for name in ("floor", "gnd", "stock"))
    out = []
    for name, own in sums.items():
        out.append({
            "size": mode.size, "fps": mode.fps, "scene": scene, "pipeline": name,
            "age_ms": {key: rounded(own[f"age_{key}"]) for key in ("p50", "p95", "p99")},
            "ratio_to_floor_p50": rounded(ratio(own["age_p50"], floor.get("age_p50"))),
            "ratio_to_floor_p99": rounded(ratio(own["age_p99"], floor.get("age_p99"))),
            "ratio_to_gnd_p50": rounded(ratio(own["age_p50"], gnd.get("age_p50")), 4),
            "ratio_to_stock_p50": rounded(ratio(own["age_p50"], stock.get("age_p50"))),
            "cpu_ms_per_frame": rounded(own["cpu_ms"]),
            "cpu_ratio_to_gnd": rounded(ratio(own["cpu_ms"], gnd.get("cpu_ms"))),
            "cpu_ratio_to_stock": rounded(ratio(own["cpu_ms"], stock.get("cpu_ms"))),
            "ssim": rounded(own["ssim"], 5), "psnr_y": rounded(own["psnr"]),
            "fps_received": rounded(own["fps"]), "kbps": rounded(own["kbps"], 0)})
    return out


def print_table(mode, scene, sums):
    floor, gnd = sums.get("floor", {}), sums.get("gnd", {})
    columns = ["pipeline", "age p50 ms", "p95", "p99", "x floor p50", "x floor p99", "gnd / it",
               "CPU ms/frame", "x gnd", "SSIM", "PSNR-Y", "fps", "kbit/s", "largest kB"]
    rows = [[name, own["age_p50"], own["age_p95"], own["age_p99"],
             ratio(own["age_p50"], floor.get("age_p50")),
             ratio(own["age_p99"], floor.get("age_p99")),
             ratio(gnd.get("age_p50"), own["age_p50"]),
             own["cpu_ms"], ratio(own["cpu_ms"], gnd.get("cpu_ms")), own["ssim"], own["psnr"],
             own["fps"], own["kbps"], own["largest"] and own["largest"] / 1000]
            for name, own in sums.items()]
    figures.table(f"{mode.name}, scene \"{scene}\"", columns, rows)


def print_stages(mode, runs):
    """What the product says of its own stages, from the same run."""
    stats = [run.stats["stages"] for run in runs.get("ours", []) if run.stats.get("stages")]
    if not stats:
        return
    figures.table(f"{mode.name}: stages of ours (ms)", ["stage", "p50", "p95", "p99"],
                  [[name] + [median([s[name][f"p{share}_us"] for s in stats if name in s]) / 1000
                             for share in (50, 95, 99)] for name in STAGES])


def compare(arguments, modes, names=ORDER, scenes=("mixed",), every=0):
    results = []
    for mode in modes:
        for scene in scenes:
            runs = rounds_of(arguments, mode, names, scene, every)
            sums = {name: summary(of) for name, of in runs.items()}
            print_table(mode, scene, sums)
            print_stages(mode, runs)
            results += results_of(mode, scene, sums)
    return results


def modes_of(arguments, *defaults):
    return [bed.MODES[name] for name in (arguments.modes or defaults)]


def all_in_one(arguments):
    """No command: everything that one run can show."""
    return compare(arguments, modes_of(arguments, "1280x720@30", "1920x1080@30"), every=15)


def latency(arguments):
    results = compare(arguments, modes_of(arguments, "1280x720@30", "1920x1080@30"), every=15)
    if not arguments.modes:
        results += compare(arguments, [bed.MODES["1920x1080@60"]], ("floor", "ours"))
    return results


def quality(arguments):
    return compare(arguments, modes_of(arguments, "1280x720@30", "1920x1080@30"),
                   ("floor", "ours", "gnd"), ("desk", "scroll", "video"), every=5)


def cpu(arguments):
    """Moving and still desktop, each pipeline's CPU a frame and a second; ours also at gnd's SSIM."""
    results = []
    for mode in modes_of(arguments, "1280x720@30", "1920x1080@30"):
        moving = {name: summary(of) for name, of in
                  rounds_of(arguments, mode, ORDER, every=15).items()}
        still = still_percent(arguments, mode)
        print_table(mode, "mixed", moving)
        figures.table(f"{mode.name}: still desktop", ["pipeline", "CPU % moving", "still", "share"],
                      [[name, moving[name]["cpu_percent"], still[name],
                        ratio(still[name], moving[name]["cpu_percent"])] for name in still])
        equal = equal_ssim(arguments, mode, moving["gnd"]["ssim"])
        for result in results_of(mode, "mixed", moving):
            name = result["pipeline"]
            if name == "ours":
                result["at_gnd_ssim"] = equal
            result["still_to_moving_cpu"] = rounded(ratio(still.get(name),
                                                          moving[name]["cpu_percent"]))
            results.append(result)
    return results


def kbps_of_ssim(arguments, stage, ssim):
    """The least bit rate, by halving, at which ours gives this SSIM or as good as it."""
    low, high = 0, stage.mode.kbps
    while high - low > stage.mode.kbps * EQUAL_SSIM_STEP:
        middle = round((low + high) / 2)
        arguments.say(f"{stage.mode.name}: SSIM of ours at {middle} kbit/s")
        run = stage.run(bed.Ours, arguments.seconds, every=15, kbps=middle)
        if run.ssim >= ssim:
            high = middle
        else:
            low = middle
    return high


def equal_ssim(arguments, mode, ssim):
    """Ours at the bit rate at which it looks like gnd, and gnd, in turn."""
    with bed.Stage(arguments.build, mode, warm_s=arguments.warm) as stage:
        kbps = kbps_of_ssim(arguments, stage, ssim)
        runs = {"ours": [], "gnd": []}
        for number in range(arguments.rounds):
            arguments.say(f"{mode.name}: equal SSIM, round {number + 1}")
            runs["ours"].append(stage.run(bed.Ours, arguments.seconds, every=15, kbps=kbps))
            runs["gnd"].append(stage.run(bed.Gnd, arguments.seconds, every=15))
    sums = {name: summary(of) for name, of in runs.items()}
    own, gnd = sums["ours"], sums["gnd"]
    figures.table(f"{mode.name}: at equal SSIM",
                  ["pipeline", "CPU ms/frame", "x gnd", "SSIM", "PSNR-Y", "kbit/s"],
                  [[name, of["cpu_ms"], ratio(of["cpu_ms"], gnd["cpu_ms"]), of["ssim"], of["psnr"],
                    of["kbps"]] for name, of in sums.items()])
    return {"cpu_ratio_to_gnd": rounded(ratio(own["cpu_ms"], gnd["cpu_ms"])),
            "ssim": rounded(own["ssim"], 5), "ssim_gnd": rounded(gnd["ssim"], 5),
            "kbps": rounded(own["kbps"], 0), "kbps_gnd": rounded(gnd["kbps"], 0)}


def still_percent(arguments, mode):
    """Of a desktop that neither moves nor plays anything."""
    out = {}
    with bed.Stage(arguments.build, mode, "still", codes=0, warm_s=arguments.warm) as stage:
        for name, more in (("ours", {"options": ("--audio", "silence")}), ("gnd", {})):
            runs = [stage.run(bed.PIPELINES[name], arguments.seconds, **more)
                    for _ in range(arguments.rounds)]
            out[name] = median([run.cpu_percent for run in runs])
    return out
