# SPDX-License-Identifier: MIT
"""Sound servers of a test's own: a real PulseAudio, a real PipeWire, each with an output called
"speakers" and a microphone on which a tone of 1 kHz sounds all the time."""

import os
import subprocess
import time

from harness import Failure, check, need_programs, run

PATIENCE_S = 30

PULSE = """load-module module-native-protocol-unix
load-module module-null-sink sink_name=speakers
load-module module-null-sink sink_name=headset
load-module module-sine-source source_name=mic frequency=1000
set-default-sink speakers
set-default-source mic
"""


class SoundServer:
    """Runs in folders of its own; env is what its clients need."""

    def __init__(self, bed, runtime):
        self.bed, self.runtime = bed, runtime
        self.again = False  # started before
        self.children = []
        runtime.mkdir(mode=0o700, exist_ok=True)
        self.env = {"XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime),
                    "XDG_CONFIG_HOME": str(runtime), "XDG_STATE_HOME": str(runtime),
                    "PULSE_SERVER": f"unix:{runtime}/pulse/native",
                    "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus"}
        bed.stack.callback(self.stop)

    def spawn(self, *argv):
        log = open(self.runtime / f"{os.path.basename(argv[0])}.log", "a", encoding="utf-8")
        child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, env={**os.environ, **self.env})
        log.close()
        self.children.append(child)
        return child

    def stop(self):
        for child in reversed(self.children):
            child.kill()
            child.wait()
        self.children = []

    def restart(self):
        self.stop()
        self.again = True
        self.start()

    def pactl(self, *words):
        return run(["pactl", *words], env={**os.environ, **self.env}).stdout.strip()

    def until(self, what, condition):
        """pactl has no event for what a client asks once: asked until it is so."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                value = condition()
                if value:
                    return value
            except subprocess.CalledProcessError:
                pass
            time.sleep(0.05)
        raise Failure(f"{what} did not come; the servers said:\n" + "\n".join(
            path.read_text() for path in self.runtime.glob("*.log")))

    def default_output(self):
        return self.pactl("get-default-sink")

    def outputs(self):
        return sorted(line.split("\t")[1] for line in self.pactl("list", "short", "sinks")
                      .splitlines())

    def output_of(self, name):
        """The output at which the stream of this client plays."""
        names = {line.split("\t")[0]: line.split("\t")[1]
                 for line in self.pactl("list", "short", "sinks").splitlines()}
        output = None
        for line in self.pactl("list", "sink-inputs").splitlines():
            if line.startswith("\tSink: "):
                output = line.split()[1]
            elif f'media.name = "{name}"' in line:
                return names.get(output)
        return None

    def recorded(self, source):
        """Half a second of what a source gives, as bytes."""
        child = subprocess.Popen(["parec", f"--device={source}", "--rate=48000", "--channels=1",
                                  "--format=s16le"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, env={**os.environ, **self.env})
        try:
            return child.stdout.read(48000)
        finally:
            child.kill()
            child.wait()

    def play_tone(self, name, hz, *options):
        """A program that plays a tone until the test is over."""
        path = self.runtime / f"{name}.raw"
        run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
             f"sine=frequency={hz}:sample_rate=48000:duration=300,volume=2", "-ac", "2", "-f",
             "s16le", path])
        child = subprocess.Popen(["pacat", "-p", "--rate=48000", "--format=s16le", "--channels=2",
                                  f"--stream-name={name}", *options, path],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env={**os.environ, **self.env})

        def end():
            child.kill()
            child.wait()
        self.bed.stack.callback(end)
        return child


class PulseAudio(SoundServer):
    name = "pulseaudio"

    def start(self):
        need_programs("pulseaudio", "pactl", "pacat", "ffmpeg")
        script = self.runtime / "default.pa"
        script.write_text(PULSE)
        self.spawn("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1",
                   "--use-pid-file=no", "-F", script)
        self.until("PulseAudio", lambda: "speakers" in self.outputs())


class PipeWire(SoundServer):
    name = "pipewire"

    def speak(self):
        """Into the microphone, which is a pipe."""
        child = self.spawn("ffmpeg", "-v", "error", "-y", "-re", "-f", "lavfi", "-i",
                           "sine=frequency=1000:sample_rate=48000", "-ac", "2", "-f", "s16le",
                           self.runtime / "voice")
        check(child.poll() is None, "nobody speaks")

    def start(self):
        need_programs("pipewire", "wireplumber", "pipewire-pulse", "pactl", "pacat", "dbus-daemon",
                      "ffmpeg", "pw-cli")
        for socket in ("bus", "pipewire-0"):  # a killed server's, which would be waited for in vain
            (self.runtime / socket).unlink(missing_ok=True)
        self.spawn("dbus-daemon", "--session", "--nofork", "--nopidfile",
                   f"--address={self.env['DBUS_SESSION_BUS_ADDRESS']}")
        self.until("the bus", (self.runtime / "bus").exists)
        self.spawn("pipewire")
        self.until("PipeWire", (self.runtime / "pipewire-0").exists)
        self.spawn("wireplumber")
        self.spawn("pipewire-pulse")
        self.until("pipewire-pulse", lambda: self.pactl("info"))
        # The second time a caster waits for it: the one output is the default, and nobody says so
        # over the caster's head.
        for output in ("speakers",) if self.again else ("speakers", "headset"):
            self.pactl("load-module", "module-null-sink", f"sink_name={output}")
        self.pactl("load-module", "module-pipe-source", "source_name=mic",
                   f"file={self.runtime}/voice", "rate=48000", "channels=2", "format=s16le")
        self.until("the microphone", lambda: self.pactl("set-default-source", "mic") is not None)
        self.speak()
        if not self.again:
            self.until("the speakers",
                       lambda: self.pactl("set-default-sink", "speakers") is not None)
            self.until("speakers", lambda: self.default_output() == "speakers")


KINDS = {"pulse": PulseAudio, "pipewire": PipeWire}


def start(bed, kind):
    server = KINDS[kind](bed, bed.folder / kind)
    server.start()
    check(server.outputs(), "the sound server has no output")
    return server
