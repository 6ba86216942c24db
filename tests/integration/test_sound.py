#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The desktop's sound, from real sound servers to the lab's sink.
Usage: test_sound.py MIRACAST CASE ..."""

import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import sound_servers  # noqa: E402
from harness import check, main  # noqa: E402


SECONDS = 3  # of stream that hold what a case listens for


def stats_lines(bed):
    stats = bed.folder / "stats"
    return stats.read_text().splitlines() if stats.exists() else []


def seconds_streamed(bed):
    return len(stats_lines(bed))


def end(bed, server, source, sink):
    """The sound is as the case wants it: some seconds of it, then we end the session."""
    enough = seconds_streamed(bed) + SECONDS
    server.until("more of the stream", lambda: seconds_streamed(bed) >= enough)
    source.send(signal.SIGINT)
    return finish(bed, source, sink)


def finish(bed, source, sink):
    code = sink.wait()
    report = bed.report()
    check(code == 0, f"the sink ended with {code}: {report['serious']} {report['faults']}")
    code = source.wait()
    check(code == 0, f"the source ended with {code}:\n{source.text()}")
    return report


def cast(bed, server, *words, audio="auto", **sink):
    """Source and sink; without a duration the case ends it."""
    (bed.folder / "stats").unlink(missing_ok=True)
    source, port = bed.cast("--capture", "test", "--fps", "30", "--audio", audio, "--stats",
                            bed.folder / "stats", env=server.env)
    if "duration" not in sink:
        words = (*words, "--no-teardown")
    return source, bed.sink(port, *words, **sink)


def moved(server):
    def ours():
        name = server.default_output()
        return name if name.startswith("miracast-") else None
    return server.until("the virtual output", ours)


def back(server):
    server.until("the way back", lambda: server.default_output() == "speakers" and
                 not any(name.startswith("miracast-") for name in server.outputs()))


def heard(report, hz):
    """At the end: by then the sound has moved."""
    sound = report["audio"]
    check(sound["tail_tone_hz"] is not None and abs(sound["tail_tone_hz"] - hz) < hz / 200,
          f"{hz} Hz was played, heard was {sound}")
    return sound


# ---- cases: each with either server ----

def test_plays(kind, codec=None):
    """What plays already and what begins in the session is heard, then is where it was."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        server.play_tone("before", 600)
        server.until("the stream", lambda: server.output_of("before") == "speakers")
        words = ["--set", f"wfd_audio_codecs={codec}"] if codec else []
        source, sink = cast(bed, server, *words)
        source.wait_line("comes back at the end")
        name = moved(server)
        server.until("the move", lambda: server.output_of("before") == name)
        server.play_tone("explicit", 600, "--device=speakers")
        server.until("the move of what was sent to the speakers by name",
                     lambda: server.output_of("explicit") == name)
        report = end(bed, server, source, sink)
        sound = heard(report, 600)
        # As the sound moves, as it starts, and where a busy machine is late; a fault has them all the time.
        check(sound["dropouts"] <= 15, f"{sound}")
        back(server)
        server.until("the streams' return", lambda: server.output_of("before") == "speakers" and
                     server.output_of("explicit") == "speakers")
    return case


def test_killed(kind):
    """SIGKILL: everything is put back all the same."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        server.play_tone("music", 600)
        source, _sink = cast(bed, server)
        source.wait_line("comes back at the end")
        name = moved(server)
        server.until("the move", lambda: server.output_of("music") == name)
        source.send(signal.SIGKILL)
        source.wait()
        back(server)
        server.until("the stream's return", lambda: server.output_of("music") == "speakers")
    return case


def guard_of(name):
    """The process that holds the virtual output."""
    guards = [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
              if name.encode() in path.read_bytes()]
    check(len(guards) == 1, f"guards: {guards}")
    return guards[0]


def test_guard_ended(kind):
    """SIGTERM to the guard alone, as a session that is ended sends it: it puts everything back."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        source, sink = cast(bed, server)
        source.wait_line("comes back at the end")
        os.kill(guard_of(moved(server)), signal.SIGTERM)
        back(server)
        end(bed, server, source, sink)
    return case


def test_both_killed(kind):
    """The guard killed as well: what they left is cleaned up by the next one."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        source, sink = cast(bed, server)
        source.wait_line("comes back at the end")
        name = moved(server)
        os.kill(guard_of(name), signal.SIGKILL)
        source.send(signal.SIGKILL)
        source.wait()
        sink.close()
        check(server.default_output() == name, "somebody cleaned up too early")
        source, sink = cast(bed, server, duration=2)
        source.wait_line("comes back at the end")
        check(name not in server.outputs(), "the first one's output is still there")
        finish(bed, source, sink)
        back(server)
    return case


def test_never_a_microphone(kind):
    """Nothing plays, and the microphone is loud: what is sent is silence."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        check(any(server.recorded("mic")), "the microphone is not loud")
        for audio in ("auto", "both"):
            source, sink = cast(bed, server, audio=audio, duration=2)
            report = finish(bed, source, sink)
            check(report["audio"]["tone_hz"] is None and report["audio"]["pes"] > 50,
                  report["audio"])
    return case


def test_both(kind):
    """--audio both: captured where it plays, and nothing is moved."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        server.play_tone("music", 700)
        source, sink = cast(bed, server, audio="both")
        source.wait_line("play ")
        check(server.default_output() == "speakers", "the sound was moved")
        heard(end(bed, server, source, sink), 700)
        check("miracast-" not in " ".join(server.outputs()), "an output was made")
    return case


def test_restart(kind):
    """The sound server restarts during a session: silence, and then sound again."""
    def case(bed):
        server = sound_servers.start(bed, kind)
        source, sink = cast(bed, server)
        source.wait_line("comes back at the end")
        moved(server)
        server.restart()
        name = moved(server)
        server.play_tone("again", 800)
        server.until("the tone's beginning", lambda: server.output_of("again") == name)
        report = end(bed, server, source, sink)
        # No gap but where the machine gave the sound no time, which the source counts.
        skipped_us = json.loads(stats_lines(bed)[-1])["sound_skipped_us"]
        check(report["audio"]["pts_step"]["max"] <= 1920 + skipped_us * 0.09 + 900,
              f"{report['audio']} {skipped_us}")
        heard(report, 800)
        back(server)
    return case


CASES = {}
for KIND in sound_servers.KINDS:
    CASES.update({f"{KIND}-plays": test_plays(KIND),
                  f"{KIND}-lpcm": test_plays(KIND, "LPCM 00000002 00"),
                  f"{KIND}-killed": test_killed(KIND), f"{KIND}-both-killed": test_both_killed(KIND),
                  f"{KIND}-guard-ended": test_guard_ended(KIND),
                  f"{KIND}-never-a-microphone": test_never_a_microphone(KIND),
                  f"{KIND}-both": test_both(KIND), f"{KIND}-restart": test_restart(KIND)})

if __name__ == "__main__":
    sys.exit(main(CASES))
