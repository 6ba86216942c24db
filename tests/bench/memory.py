# SPDX-License-Identifier: MIT
"""./dev bench memory: resident memory and descriptors of ours over time, beside the pipelines'."""

import time

import figures
import stage as bed
from compare import modes_of

WARM_S = 2


def watch(stage, name, seconds):
    receiver = bed.Receiver(stage)
    pipeline = bed.PIPELINES[name](stage, stage.mode, receiver.port)
    pid = pipeline.program.child.pid
    bed.wait_until(receiver.has_pictures, pipeline.program)
    time.sleep(WARM_S)
    begin = bed.memory_kb(pid), bed.descriptors(pid)
    time.sleep(seconds)
    end = bed.memory_kb(pid), bed.descriptors(pid)
    pipeline.end()
    receiver.end()
    return begin, end


def memory(arguments):
    rows, results = [], []
    seconds = arguments.seconds * arguments.rounds
    for mode in modes_of(arguments, "1280x720@30", "1920x1080@30"):
        with bed.Stage(arguments.build, mode) as stage:
            for name in bed.PIPELINES:
                arguments.say(f"{mode.name}: {name}")
                begin, end = watch(stage, name, seconds)
                rows.append([f"{mode.name} {name}", begin[0] / 1024, end[0] / 1024, begin[1],
                             end[1]])
                results.append({"size": mode.size, "fps": mode.fps, "pipeline": name,
                                "rss_kb": [begin[0], end[0]], "descriptors": [begin[1], end[1]],
                                "seconds": seconds})
    figures.table(f"memory at the start and {seconds:g} s later",
                  ["", "MiB", "MiB later", "descriptors", "later"], rows)
    return results
