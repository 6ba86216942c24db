# SPDX-License-Identifier: MIT
"""WFD parameters as a sink knows them: mode tables, offers, and the check of a source's choice."""


def _vesa(*sizes):
    return [(w, h, fps, "p") for w, h in sizes for fps in (30, 60)]


CEA = [(640, 480, 60, "p"), (720, 480, 60, "p"), (720, 480, 60, "i"), (720, 576, 50, "p"),
       (720, 576, 50, "i"), (1280, 720, 30, "p"), (1280, 720, 60, "p"), (1920, 1080, 30, "p"),
       (1920, 1080, 60, "p"), (1920, 1080, 60, "i"), (1280, 720, 25, "p"), (1280, 720, 50, "p"),
       (1920, 1080, 25, "p"), (1920, 1080, 50, "p"), (1920, 1080, 50, "i"), (1280, 720, 24, "p"),
       (1920, 1080, 24, "p")]
CEA2 = CEA + [(w, h, fps, "p") for w, h in ((3840, 2160), (4096, 2160))
              for fps in (24, 25, 30, 50, 60)]
CEAX = CEA + [(3840, 2160, 30, "p"), (3840, 2160, 60, "p"), (4096, 2160, 30, "p"),
              (4096, 2160, 60, "p"), (3840, 2160, 25, "p"), (3840, 2160, 50, "p"),
              (4096, 2160, 25, "p"), (4096, 2160, 50, "p"), (3840, 2160, 24, "p"),
              (4096, 2160, 24, "p")]
VESA = _vesa((800, 600), (1024, 768), (1152, 864), (1280, 768), (1280, 800), (1360, 768),
             (1366, 768), (1280, 1024), (1400, 1050), (1440, 900), (1600, 900), (1600, 1200),
             (1680, 1024), (1680, 1050)) + [(1920, 1200, 30, "p")]
VESA2 = VESA + [(1920, 1200, 60, "p")] + _vesa((2560, 1440), (2560, 1600))
VESAX = VESA + _vesa((2560, 1440), (2560, 1600))
HH = _vesa((800, 480), (854, 480), (864, 480), (640, 360), (960, 540), (848, 480))
TABLES = {"wfd_video_formats": (CEA, VESA, HH), "wfd2_video_formats": (CEA2, VESA2, HH),
          "wfdx_video_formats": (CEAX, VESAX, HH)}
LEVELS = [31, 32, 40, 41, 42, 50, 51, 52]
AUDIO_BITS = {"LPCM": 2, "AAC": 4, "AC3": 3}


class WfdError(Exception):
    """A parameter's value breaks its grammar."""


class Offer:
    """One codec tuple: profile and level bits, three masks and the small fields."""

    def __init__(self, words, has_codec, short=False):
        names = (["codec"] if has_codec else []) + ["profile", "level", "cea", "vesa", "hh",
                                                    "latency", "min_slice", "slice_enc", "frc"]
        if short:
            words = words + ["0"] * (len(names) - len(words))
        if len(words) < len(names):
            raise WfdError(f"{len(words)} fields where {len(names)} belong")
        self.codec = 1
        for name, word in zip(names, words):
            setattr(self, name, _hex(word))
        self.tail = words[len(names):]

    def masks(self):
        return self.cea, self.vesa, self.hh


def _hex(word):
    try:
        return int(word, 16)
    except ValueError as error:
        raise WfdError(f"{word!r} is not hexadecimal") from error


def parse_formats(name, value, short=False):
    """[Offer]; the native and preferred bytes are left out.  'none' is an empty list.  short: tuples
    may end early, as some sinks write their own."""
    if value.strip() == "none":
        return []
    r2 = name == "wfd2_video_formats"
    head, *rest = value.replace(",", " , ").split(" , ")
    words = head.split()
    tuples = [words[1 if r2 else 2:]] + [part.split() for part in rest]
    return [Offer(t, r2, short) for t in tuples]


def modes_of(name, offer):
    """[(width, height, fps)] of an offer's masks; interlaced and reserved bits left out."""
    out = []
    for mask, table in zip(offer.masks(), TABLES[name]):
        for bit, (w, h, fps, scan) in enumerate(table):
            if mask >> bit & 1 and scan == "p":
                out.append((w, h, fps))
    return out


def check_video(name, value, offered):
    """(chosen mode with profile and level, [problems]) of M4's video line against our offers."""
    problems = []
    try:
        choice = parse_formats(name, value)
    except WfdError as error:
        return None, [str(error)]
    if len(choice) != 1:
        return None, [f"{len(choice)} codec tuples in M4, one belongs there"]
    c = choice[0]
    if value.split()[0] != "00":
        problems.append("native byte is not 00")
    for what, bits in (("profile", c.profile), ("level", c.level)):
        if bin(bits).count("1") != 1:
            problems.append(f"{what} {bits:x} has not exactly one bit")
    if sum(bin(m).count("1") for m in c.masks()) != 1:
        return None, problems + ["not exactly one resolution bit in the three masks"]
    modes = modes_of(name, c)
    if not modes:
        return None, problems + ["the resolution bit is interlaced or reserved"]
    problems += _against_offers(c, offered, modes[0])
    if c.min_slice or c.slice_enc:
        problems.append("slice parameters are not 0000")
    if name == "wfd_video_formats" and c.tail != ["none", "none"]:
        problems.append(f"ends with {' '.join(c.tail)!r}, not with 'none none'")
    w, h, fps = modes[0]
    level = c.level.bit_length() - 1
    mode = {"width": w, "height": h, "fps": fps, "profile": {1: "CBP", 2: "CHP", 4: "RHP"}.get(
        c.profile, "?"), "level_idc": LEVELS[level] if 0 <= level < len(LEVELS) else None}
    return mode, problems


def _against_offers(c, offered, mode):
    def fits(o):
        return (o.codec == c.codec and o.profile & c.profile and
                all(m & ~om == 0 for m, om in zip(c.masks(), o.masks())))
    problems = []
    same = [o for o in offered if fits(o)]
    if not same and mode != (640, 480, 60):  # CEA bit 0 is implied for every sink
        problems.append(f"{mode[0]}x{mode[1]}@{mode[2]} profile {c.profile:x} was not offered")
    if same and all(c.level.bit_length() > o.level.bit_length() for o in same):
        problems.append(f"level {c.level:x} is above what was offered")
    if same and c.frc & ~same[0].frc:
        problems.append("frame rate control has bits that were not offered")
    return problems


def check_audio(value, offered_value):
    """(codec or None, [problems]) of M4's audio line."""
    if value.strip() == "none":
        return None, []
    words = value.split()
    if len(words) != 3 or "," in value:
        return None, [f"{value!r} is not one codec"]
    mode = int(words[1], 16) if all(c in "0123456789abcdefABCDEF" for c in words[1]) else 0
    problems = [] if bin(mode).count("1") == 1 else ["not exactly one mode bit"]
    offered = {}
    for part in (offered_value or "").split(","):
        fields = part.split()
        if len(fields) >= 2 and fields[0] != "none":
            offered[fields[0]] = int(fields[1], 16)
    if mode & ~offered.get(words[0], 0):
        problems.append(f"{words[0]} {words[1]} was not offered")
    return {"codec": words[0], "mode": mode}, problems
