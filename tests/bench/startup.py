# SPDX-License-Identifier: MIT
"""./dev bench startup: PLAY to the first picture on the wire, and M13 to its key frame."""

import figures
import stage as bed
from compare import modes_of
from figures import median, percentile, rounded

IDR_PERIOD_S = 0.4  # more than the 300 ms in which requests are one
IDR_REQUESTS = 7    # a sink that goes on asking is taken for one without a picture, and is tried to be helped


def milliseconds(later_ns, earlier_s):
    return later_ns / 1e6 - earlier_s * 1e3


def one(arguments, stage, seconds):
    """(PLAY to first datagram of an IDR picture, M13 answers) in ms; arrival is of its last one."""
    times = [1 + i * IDR_PERIOD_S + i % 7 * 0.011
             for i in range(min(int(seconds / IDR_PERIOD_S), IDR_REQUESTS))]
    script = ",".join(f"{t:.3f}:idr" for t in times)
    receiver = bed.Receiver(stage)
    pipeline = bed.Ours(stage, stage.mode, receiver.port, script)
    bed.wait_until(lambda: len(pipeline.sink.session.idr_requests) >= len(times) or
                   not pipeline.sink.thread.is_alive(), pipeline.program)
    bed.time.sleep(IDR_PERIOD_S)
    play_s, asked = pipeline.sink.said("PLAY"), list(pipeline.sink.session.idr_requests)
    pipeline.end()
    receiver.end()
    keys = [picture.arrived for picture in receiver.pictures if picture.key]
    answers = []
    for moment in asked:
        later = [key for key in keys if key >= moment * 1e9]
        if later:
            answers.append(milliseconds(later[0], moment))
    first = milliseconds(keys[0], play_s) if keys and play_s else None
    return first, answers


def startup(arguments):
    results, rows = [], []
    for mode in modes_of(arguments, "1280x720@30", "1920x1080@30"):
        first, answers = [], []
        with bed.Stage(arguments.build, mode) as stage:
            for number in range(arguments.rounds):
                arguments.say(f"{mode.name}: round {number + 1}")
                play_ms, idr_ms = one(arguments, stage, arguments.seconds)
                first.append(play_ms)
                answers += idr_ms
        rows.append([mode.name, median(first), max(filter(None, first), default=None),
                     percentile(answers, 50), percentile(answers, 95), max(answers, default=None),
                     len(answers), 1000 / mode.fps])
        results.append({"size": mode.size, "fps": mode.fps, "pipeline": "ours",
                        "play_to_first_idr_ms": rounded(median(first)),
                        "idr_answer_ms": {"p50": rounded(percentile(answers, 50)),
                                          "p95": rounded(percentile(answers, 95)),
                                          "max": rounded(max(answers, default=None))},
                        "frame_interval_ms": rounded(1000 / mode.fps)})
    figures.table("start and key frames of ours: PLAY sent, or M13 sent, to the key frame's last datagram (ms)",
                  ["mode", "PLAY to IDR", "worst", "M13 p50", "p95", "worst", "requests",
                   "frame interval"], rows)
    return results
