# SPDX-License-Identifier: MIT
"""What every measurement stands on: an X server with a scene, the receiver, and the programs that
bring the one to the other, each started alone on the same scene."""

import dataclasses
import io
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "integration"), str(HERE.parent / "lab")]

import harness  # noqa: E402
from sink import __main__ as sink_main, media as sink_media, profiles, session  # noqa: E402

CPUCLOCK_SCHED = 2  # of a process that is named by its inverted PID, clock_getcpuclockid(3)
FIRST_PICTURE_S = 20  # a bound on hangs
CODES_PER_S = 240     # of the time code on the screen, so that it is fresh whenever it is captured


@dataclasses.dataclass(frozen=True)
class Mode:
    width: int
    height: int
    fps: int
    kbps: int

    @property
    def size(self):
        return f"{self.width}x{self.height}"

    @property
    def name(self):
        return f"{self.size}@{self.fps}"


MODES = {mode.name: mode for mode in (Mode(1280, 720, 30, 5000), Mode(1920, 1080, 30, 8000),
                                      Mode(1280, 720, 60, 8000), Mode(1920, 1080, 60, 12000))}


class Picture:
    """One decoded picture, times in ns of the monotonic clock."""

    __slots__ = ("arrived", "decoded", "code", "bytes", "datagrams", "key", "width", "height")

    def __init__(self, words):
        for name, word in zip(self.__slots__, words):
            setattr(self, name, int(word))

    @property
    def age_ms(self):
        return (self.decoded - self.code) / 1e6 if self.code else None


class Receiver:
    """bench-receiver: its port, and what it saw once it has ended."""

    def __init__(self, stage, quality=None):
        self.path = stage.bed.folder / f"pictures-{stage.next_number()}"
        self.program = stage.bed.start([stage.tool("bench-receiver"), self.path, *(quality or ())])
        self.port = int(self.program.wait_line(r"^port (\d+)").group(1))
        self.pictures, self.quality, self.lost = [], [], 0

    def has_pictures(self):
        return self.path.exists() and self.path.stat().st_size > 0

    def end(self):
        self.program.send(signal.SIGTERM)
        self.program.wait()
        for line in self.path.read_text().splitlines():
            words = line.split()
            if words[0] == "quality":
                self.quality.append((float(words[2]), float(words[3])))
            elif words[0] == "lost":
                self.lost = int(words[1])
            else:
                self.pictures.append(Picture(words))


class RtspSink:
    """The RTSP side of the lab's sink in a thread; the media go to the receiver's port."""

    def __init__(self, port, rtp_port, script="", more=()):
        options = sink_main.parse_arguments(
            ["--connect", f"127.0.0.1:{port}", "--announce", str(rtp_port), "--no-decode",
             "--no-teardown", "--script", script, *more])
        media = sink_media.Media(io.BytesIO(), io.BytesIO(), None)
        self.session = session.Session(options, profiles.PROFILES["default"], media)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.session.run()
        except OSError as error:
            self.session.ended_by = str(error)

    def said(self, what):
        """Monotonic seconds of the first line of the dialogue that has the word; None if none."""
        for line in self.session.log:
            found = re.match(rf"\s*([\d.]+) > {what}\b", line)
            if found:
                return self.session.t_connect + float(found.group(1))
        return None


class Ours:
    """The product as people start it, with sound."""
    name = "ours"

    def __init__(self, stage, mode, port, script="", options=(), kbps=None):
        self.stats_path = stage.bed.folder / f"stats-{stage.next_number()}"
        self.program, rtsp_port = stage.bed.cast(
            "--capture", f"x11:{stage.display}", "--audio", "test", "--input", "deny", "--mode",
            mode.name, "--bitrate", kbps or mode.kbps, "--stats", self.stats_path, *options)
        self.sink = RtspSink(rtsp_port, port, script)

    def end(self):
        self.program.send(signal.SIGINT)
        code = self.program.wait()
        harness.check(code == 0, f"miracast ended with {code}:\n{self.program.text()}")
        self.sink.thread.join(10)


class Floor:
    """bench-floor: the least that can be done, without sound."""
    name = "floor"

    def __init__(self, stage, mode, port, slices=1):
        self.program = stage.bed.start([stage.tool("bench-floor"), stage.display, port, mode.fps,
                                        mode.kbps, VBV_MS, slices])

    def end(self):
        self.program.send(signal.SIGTERM)
        self.program.wait()


VBV_MS = 200  # encoder/h264.c
CAPTURE = "ximagesrc display-name={display} use-damage=false show-pointer=true"
ENCODER = ("x264enc name=encoder pass=cbr tune=zerolatency speed-preset=ultrafast threads=1 "
           "sliced-threads=false cabac=false bframes=0 rc-lookahead=0 sync-lookahead=0 ")


class Pipeline:
    """A GStreamer pipeline in a process of its own, with a tone for sound."""
    latency_ms = 0
    description = ""

    def __init__(self, stage, mode, port):
        text = " ".join(self.description.split()).format(
            display=stage.display, port=port, width=mode.width, height=mode.height, fps=mode.fps,
            kbps=mode.kbps, vbv=VBV_MS, gop=10 * mode.fps)
        self.program = stage.bed.start([stage.tool("bench-pipeline"), self.latency_ms, text])

    def end(self):
        self.program.send(signal.SIGTERM)
        self.program.wait()


class Lean(Pipeline):
    """What one writes with GStreamer's own multiplexer when nothing is to wait."""
    name = "stock"
    description = CAPTURE + """ ! video/x-raw,framerate={fps}/1 ! videoconvert ! video/x-raw,format=I420 ! """ + \
        ENCODER + """ bitrate={kbps} vbv-buf-capacity={vbv} key-int-max=100000
        option-string=scenecut=0 ! video/x-h264,profile=constrained-baseline ! h264parse ! queue ! mux.
        audiotestsrc is-live=true wave=sine ! audio/x-raw,rate=48000,channels=2 ! audioconvert !
        avenc_aac ! queue ! mux.
        mpegtsmux name=mux alignment=7 ! rtpmp2tpay ! udpsink host=127.0.0.1 port={port} sync=false"""


class Gnd(Pipeline):
    """gnome-network-displays' elements and settings: its converter, its x264 with a VBV of 50 ms (at
    the bit rate of the others), its queues, mpegtsmux, a clocked sink and 500 ms of latency."""
    name = "gnd"
    latency_ms = 500
    description = CAPTURE + """ ! videoscale qos=true !
        video/x-raw,framerate={fps}/1,width={width},height={height} ! videoconvert qos=true !
        queue max-size-buffers=1 ! """ + ENCODER + """ qos=true bitrate={kbps} vbv-buf-capacity=50
        dct8x8=false ref=1 b-adapt=false key-int-max={gop} insert-vui=true ! identity !
        h264parse config-interval=-1 ! video/x-h264,alignment=nal,stream-format=byte-stream !
        queue max-size-buffers=1000 max-size-time=500000000 ! mux.sink_4113
        audiotestsrc is-live=true wave=sine ! audio/x-raw,rate=48000,channels=2 ! audioresample !
        audioconvert ! avenc_aac ! queue max-size-buffers=100000 max-size-time=500000000 !
        mux.sink_4352
        mpegtsmux name=mux alignment=7 ! queue max-size-buffers=1 !
        rtpmp2tpay ssrc=1 perfect-rtptime=false ! udpsink host=127.0.0.1 port={port} sync=true"""


PIPELINES = {kind.name: kind for kind in (Floor, Ours, Lean, Gnd)}


def cpu_s(pid):
    """Of a process with all its threads, also ended ones, by its own clock: what /proc says is cut to
    10 ms, a seventh of what a still desktop costs in four seconds."""
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


def memory_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"^VmRSS:\s+(\d+)", text, re.M).group(1))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@dataclasses.dataclass
class Run:
    """A pipeline's figures over one window of time."""
    pictures: list
    quality: list
    cpu_s: float
    seconds: float
    lost: int
    key_times: list
    stats: dict

    @property
    def ages_ms(self):
        return [picture.age_ms for picture in self.pictures if picture.code]

    @property
    def kbps(self):
        return sum(picture.bytes for picture in self.pictures) * 8 / 1000 / self.seconds

    @property
    def fps(self):
        return len(self.pictures) / self.seconds

    @property
    def cpu_ms_per_picture(self):
        return 1000 * self.cpu_s / len(self.pictures) if self.pictures else None

    @property
    def cpu_percent(self):
        return 100 * self.cpu_s / self.seconds

    @property
    def ssim(self):
        return sum(ssim for ssim, _ in self.quality) / len(self.quality) if self.quality else None

    @property
    def psnr(self):
        return sum(psnr for _, psnr in self.quality) / len(self.quality) if self.quality else None


class Stage:
    """An X server of the mode's size with a scene on it."""

    def __init__(self, build, mode, scene="mixed", scene_fps=None, codes=CODES_PER_S, warm_s=1.0):
        self.build, self.mode, self.scene = pathlib.Path(build).resolve(), mode, scene
        self.scene_fps = scene_fps or mode.fps
        self.codes, self.warm_s, self.number = codes, warm_s, 0
        self.bed = harness.Bed(self.build / "host" / "miracast")

    def __enter__(self):
        try:
            self.display = self.bed.x_server(self.mode.size)
            self.desktop = self.bed.start([self.tool("bench-desktop"), self.display, self.scene,
                                           self.scene_fps, self.codes])
            self.desktop.wait_line("^ready")
        except BaseException:
            self.bed.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.bed.__exit__(*error)

    def tool(self, name):
        path = self.build / "tests" / "bench" / name
        if not path.exists():
            raise harness.Skipped(f"{name} was not built: libx264-dev or libavcodec-dev is missing")
        return path

    def next_number(self):
        self.number += 1
        return self.number

    def run(self, kind, seconds, every=0, **more):
        """Starts a pipeline of the kind, and measures once it has sent pictures for warm_s."""
        quality = (self.scene, self.scene_fps, every) if every else None
        receiver = Receiver(self, quality)
        pipeline = kind(self, self.mode, receiver.port, **more)
        wait_until(receiver.has_pictures, pipeline.program)
        time.sleep(self.warm_s)
        begin_ns, begin_cpu = time.monotonic_ns(), cpu_s(pipeline.program.child.pid)
        time.sleep(seconds)
        end_ns, end_cpu = time.monotonic_ns(), cpu_s(pipeline.program.child.pid)
        pipeline.end()
        receiver.end()
        return Run(pictures=[p for p in receiver.pictures if begin_ns <= p.decoded < end_ns],
                   quality=receiver.quality, cpu_s=end_cpu - begin_cpu,
                   seconds=(end_ns - begin_ns) / 1e9, lost=receiver.lost,
                   key_times=[p.arrived for p in receiver.pictures if p.key],
                   stats=last_stats(pipeline))


def last_stats(pipeline):
    """The product's own figures, from its last line."""
    path = getattr(pipeline, "stats_path", None)
    lines = path.read_text().splitlines() if path and path.exists() else []
    return json.loads(lines[-1]) if lines else {}


def wait_until(condition, program, patience_s=FIRST_PICTURE_S):
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end or program.child.poll() is not None:
            raise harness.Failure(f"{program.name} sent no picture:\n{program.text()}")
        time.sleep(0.01)
