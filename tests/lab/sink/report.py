# SPDX-License-Identifier: MIT
"""What the sink saw, as one JSON object, and the verdict."""

from . import decoder

PTS_LEAD_S = 0.1  # by which our source's PTS stand ahead of the capture

# Counted, and no reason to call the session a failure.
TOLERATED = ("rtsp-cseq-not-first", "refused-m10")


def milliseconds(later, earlier):
    return round((later - earlier) * 1e3, 2) if later is not None and earlier is not None else None


def idr_answers(session):
    out = []
    for moment in session.idr_requests:
        late_ms, between = session.media.idr_after(moment)
        out.append({"ms": late_ms, "frames_between": between})
    return out


def sound(session, audio_path):
    media = session.media
    out = media.audio_report()
    if media.audio_bytes and decoder.available():
        samples = decoder.samples_of(audio_path, media.audio_kind)
        out["seconds"] = round(len(samples) / 48000, 3)
        out["tone_hz"], out["level"] = decoder.tone_of(samples)
        out["tail_tone_hz"] = decoder.tone_of(samples[-12000:])[0]  # the last quarter second
        out["dropouts"] = decoder.dropouts(samples)
    return out


def write_frames(media, path):
    """When the last byte came, how old it then was, and what it was: for plots and sums. The age
    counts from the capture, by a clock that the quickest PCR packet sets."""
    base = media.ts.pcr_base
    with open(path, "w", encoding="ascii") as out:
        out.write("arrived_s,age_ms,pts_90k,bytes,idr,holed\n")
        for unit in media.units:
            captured = base + unit.pts / 90000 - PTS_LEAD_S if base is not None else unit.t_last
            out.write(f"{unit.t_last:.6f},{(unit.t_last - captured) * 1e3:.2f},{unit.pts},"
                      f"{unit.size},{int(unit.idr)},{int(unit.holed)}\n")


def make(session, live, audio_path, errors):
    media = session.media
    video, audio = media.video_report(), sound(session, audio_path)
    rtp = media.rtp.report()
    seen = live.report() if live else {"pictures": None, "latency_ms": {}, "sizes": []}
    start = session.t_connect
    if errors:
        media.faults.add("decode-errors", errors[0])
    faults = {name: {"count": count, "first": media.faults.first.get(name, "")}
              for name, count in sorted(media.faults.items())}
    out = {
        "profile": session.options.profile,
        "negotiated": {"video": session.modes[0] if session.modes else None,
                       "audio": session.audio},
        "modes": session.modes,
        "play_ms": milliseconds(session.t_play, start),
        "first_rtp_ms": milliseconds(session.t_rtp, start),
        "play_to_rtp_ms": milliseconds(session.t_rtp, session.t_play),
        "first_picture_ms": milliseconds(live.first_t if live else None, start),
        "latency_ms": seen["latency_ms"],
        "latency_first_second_ms": seen.get("latency_first_second_ms"),
        "pictures": seen["pictures"], "picture_sizes": seen["sizes"],
        "longest_freeze_ms": seen.get("longest_freeze_ms"),
        "fps": video["fps"], "kbps": rtp["kbps"],
        "idr_answers": idr_answers(session), "keepalives": session.keepalives,
        "input_settings": session.uibc_settings, "displays": session.displays,
        "sender_reports": session.sender_reports, "byes": session.byes,
        "ended_by": session.ended_by, "messages": session.messages,
        "video": video, "audio": audio,
        "rtp": dict(rtp, **session.order.report(), pcr_ms=media.rtp_pcr.report()),
        "ts": media.ts.report(), "faults": faults,
        "serious": [name for name in faults if name not in TOLERATED],
        "dialogue": session.log,
    }
    if session.t_play is None:
        out["serious"].append("no-play")
    elif live and not seen["pictures"]:
        out["serious"].append("no-picture")
    return out
