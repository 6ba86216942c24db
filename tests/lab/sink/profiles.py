# SPDX-License-Identifier: MIT
"""Sink profiles: what a sink answers to M3 and how it behaves on the wire.

Capability lines are those of real devices where such a reply is public.  {rtp} and {rtcp} are our
ports.  A profile is data; session.py and engine.py act on it.
"""

import dataclasses

RTP = "wfd_client_rtp_ports: RTP/AVP/UDP;unicast {rtp} 0 mode=play"
EDID_SAMSUNG = (
    "0002 "
    "00ffffffffffff004c2dde07000000002f14010380834a780aee91a3544c99260f5054bdef80714f810081"
    "4081809500950fb300a940023a801871382d40582c4500a05a0000001e662150b051001b3040703600a05a"
    "0000001e000000fd00184b1a5117000a202020202020000000fc0053414d53554e470a202020202001fd02"
    "032ef14b901f0413051403122021222309070783010000e2000f72030c004000b82d20d0080140073f4050"
    "90a0023a80d072382d40102c4580a05a0000001e011d00bc52d01e20b8285540a05a0000001e011d80d072"
    "1c1620102c2580a05a0000009e00000000000000000000000000000000000000000000000000000078")


@dataclasses.dataclass(frozen=True)
class Profile:
    """Behaviour; the defaults are those of a plain, correct sink."""
    about: str = ""
    m3: tuple = ()                # lines of the answer to M3, in the sink's own order
    m3_filter: bool = True        # only what was asked
    r2_replaces_r1: bool = False  # wfd2_* asked: wfd_* left out
    server: str = ""              # Server header of replies, User-Agent of requests
    date: str = ""
    public: str = "org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER"
    public_name: str = "Public"
    m2: str = "after-m1"          # before-m1, after-m1, after-m3, never
    m2_require: bool = True
    m3_needs_m2: bool = False     # M3 before M2 was answered: ignored, then close
    m3_needs: tuple = ()          # names whose absence in M3 ends the session
    cseq_start: int = 1
    cseq_restart: bool = False    # SETUP starts again at 1
    reply_cseq: str = "echo"      # echo, counter (answers numbered 1, 2, 3...), off-by-one
    setup_uri: str = "{url}"
    setup_before_reply: bool = False  # SETUP is on the wire before the answer to M5
    transport: str = "RTP/AVP/UDP;unicast;client_port={rtp}"
    session_form: str = "{id}"    # "" leaves the header out; {full} is what the source sent
    stray_crlf: bool = False      # after each request
    split: int = 0                # bytes in each write
    one_per_read: bool = False    # what one recv() gives is one message
    coalesce: bool = False        # M1's answer and M2 in one write
    duplicate_length: bool = False
    extra_body_crlf: bool = False
    no_final_crlf: bool = False   # the last line of the answer to M3 ends with the body
    m4_refuse: tuple = ()         # bodies of 303 answers to the first M4s
    m4_refuse_modes: tuple = ()   # modes that are always refused with 303
    m4_max: tuple = ()            # (width, height) that bind: larger is refused with 303
    m4_needs_audio: bool = False  # wfd_audio_codecs none: leaves
    also_plays: tuple = ()        # modes that are taken though they are not offered
    transports: tuple = ()        # asked in turn, each after a 461; before `transport`
    teardown_by_trigger: bool = False  # ends the session with a trigger of its own
    setup_delay_s: float = 0.0
    play_delay_s: float = 0.0
    play_twice: bool = False
    idr_after_play: int = 0       # how many M13 back to back
    idr_period_s: float = 0.0     # endless M13
    m16: str = "answer"           # answer, body, error, ignore, teardown
    on_pause_trigger: str = "m9"      # m9, nothing, silent
    on_teardown_trigger: str = "m8"   # m8, close, nothing, silent
    keepalive: str = ""           # own request: GET_PARAMETER or OPTIONS
    keepalive_s: float = 0.0
    rtcp: bool = False            # sends receiver reports to the second server port
    rtp_silence_s: float = 0.0    # leaves after this time without RTP
    device: str = ""              # what it says over the air: NAME, or NAME,DEVICE-INFORMATION
    session_max: int = 15         # digits of a session id that it bears
    pcr_in_video: bool = False    # black where the PCR has packets of its own
    m16_within_s: float = 0.0     # leaves after this time without M16
    closes_at_m3: bool = False    # its menu for Miracast is not open


def _m3(video, audio, *more, rtp=RTP):
    return (f"wfd_video_formats: {video}", f"wfd_audio_codecs: {audio}", rtp) + more


BOTH = "LPCM 00000003 00, AAC 00000001 00"
FULL = ("40 00 01 10 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 11 none none, "
        "02 10 0001FFFF 1FFFFFFF 00000FFF 00 0000 0000 11 none none")
PLAIN = ("wfd_content_protection: none", "wfd_display_edid: none", "wfd_connector_type: 05",
         "wfd_uibc_capability: none", "wfd_standby_resume_capability: supported",
         "wfd_idr_request_capability: 1")
PORTS_EQUAL = "wfd_client_rtp_ports: RTP/AVP/UDP;unicast {rtp} {rtp} mode=play"
MSFT = ("40 00 02 04 00019CEB 053C7FFF 00000FFF 00 0000 0000 11 none none, "
        "01 04 00019CEB 053C7FFF 00000FFF 00 0000 0000 11 none none")
WINDOWS = ("40 00 01 10 0001bdeb 051557ff 00000fff 10 0000 001f 11 0780 0438, "
           "02 10 0001bdeb 155557ff 00000fff 10 0000 001f 11 0780 0438")
WINDOWS2 = ("wfd2_video_formats: 40 01 01 0010 00000001bdeb 0000051557ff 000000000fff 10 0000 001f "
            "11, 01 02 0010 00000001bdeb 0000155557ff 000000000fff 10 0000 001f 11, "
            "01 04 0010 00000001bdeb 0000155557ff 000000000fff 10 0000 001f 11 00")
WINDOWS_MORE = (
    "wfd_content_protection: none", "wfd_connector_type: 05", "wfd_idr_request_capability: 1",
    "wfd_display_edid: none",
    "wfd_uibc_capability: input_category_list=HIDC;hidc_cap_list=Keyboard/USB, Mouse/USB, "
    "MultiTouch/USB, Gesture/USB, RemoteControl/USB, Joystick/USB;port=none",
    "intel_friendly_name: Lab", "intel_sink_manufacturer_name: Microsoft Corporation",
    "intel_sink_model_name: Windows 10", "intel_sink_device_URL: http://www.microsoft.com",
    "microsoft_latency_management_capability: supported",
    "microsoft_format_change_capability: supported",
    "microsoft_diagnostics_capability: supported", "microsoft_rtcp_capability: supported",
    "microsoft_max_bitrate: 15000000", "microsoft_multiscreen_projection: none",
    "microsoft_audio_mute: supported", "microsoft_color_space_conversion: none")
SAMSUNG14 = ("40 00 02 04 0001DEFF 053C7FFF 00000FFF 00 0000 0000 11 none none, "
             "01 04 0001DEFF 053C7FFF 00000FFF 00 0000 0000 11 none none")
LG15 = ("40 00 01 08 0001FFFF 3FFFFFFF 000005FF 00 0000 0000 10 none none, "
        "02 08 0001FFFF 3FFFFFFF 000005FF 00 0000 0000 10 none none")
LGWEBOS = ("40 00 01 10 000194FF 155575DF 00000555 00 0000 0000 1F none none, "
           "02 10 000194FF 155575DF 00000555 00 0000 0000 1F none none")
VGA = "00 00 01 01 00000001 00000000 00000000 00 0000 0000 00 none none"

PROFILES = {
    "default": Profile("plain sink, everything up to 1080p60", _m3(FULL, BOTH, *PLAIN)),
    # ---- devices ----
    "samsung-2014": Profile(
        "TV with the agent SEC-WDH/ME29",
        ("wfd_audio_codecs: " + BOTH, "wfd_video_formats: " + SAMSUNG14,
         "wfd_3d_video_formats: 80 00 03 0F 0000000000000005 00 0001 1401 13 none none",
         "wfd_content_protection: HDCP2.1 port=1189", "wfd_display_edid: " + EDID_SAMSUNG,
         "wfd_coupled_sink: none", RTP, "wfd_uibc_capability: none", "wfd_connector_type: 05",
         "wfd_standby_resume_capability: supported",
         "intel_sink_version: product_ID=widicesdk hw_version=02.00.00.0000 "
         "sw_version=02.04.46.0000", "intel_lower_bandwidth: none",
         "intel_interactivity_mode: HIGH"),
        server="SEC-WDH/ME29", date="Thu Jan  1 00:05:42 1970",
        setup_uri="rtsp://localhost/wfd1.0", idr_after_play=7),
    "samsung-2026": Profile(
        "TV or projector of 2020 and later",
        _m3("40 00 01 10 000001e3 0f3fffff 00000fff 00 0000 00c8 01 none none", BOTH, *PLAIN),
        duplicate_length=True, m4_needs_audio=True),
    "samsung-tab": Profile(
        "tablet that offers less than it plays",
        _m3(VGA, "LPCM 00000002 00, AAC 00000001 00", "wfd_display_edid: none",
            "microsoft_format_change_capability: none", "intel_friendly_name: none",
            "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Keyboard, "
            "SingleTouch, MultiTouch;hidc_cap_list=none;port=none"),
        server="SECMX/Android16", stray_crlf=True, rtp_silence_s=20,
        also_plays=((1920, 1080, 30),)),
    "lg-2015": Profile("two H.264 tuples, VESA bit 29, level 4.1", _m3(
        LG15, "LPCM 00000003 00, AAC 00000007 00, AC3 00000007 00"), server="LGE"),
    "lg-webos": Profile(
        "webOS: late M2, SETUP starts its numbers again, pair of ports, own keep-alives",
        ("wfd_audio_codecs: " + BOTH, "wfd_video_formats: " + LGWEBOS, RTP,
         "wfd_idr_request_capability: 1"),
        m2="after-m3", cseq_start=0, cseq_restart=True,
        transport="RTP/AVP/UDP;unicast;client_port={rtp}-{rtcp}",
        keepalive="GET_PARAMETER", keepalive_s=2.0),
    "lg-m16-error": Profile("webOS that answers M16 with an error", _m3(LGWEBOS, BOTH),
                            m16="error"),
    "msft-adapter": Profile(
        "wireless display adapter: M2 before M3 or it leaves; refuses 1080p60",
        _m3(MSFT, "LPCM 00000003 00, AAC 00000001 00, AC3 00000000 00",
            "wfd_content_protection: none", "wfd_uibc_capability: none"),
        server="MSFT-WDD", m3_needs_m2=True, m3_needs=("wfd_content_protection",),
        m4_refuse_modes=((1920, 1080, 60),), idr_after_play=3),
    "msft-adapter-4k": Profile("leaves on the first M16", _m3(
        MSFT, BOTH, "wfd_content_protection: none", "intel_sink_model_name: 4K Wireless Display"),
        server="MSFT-WDD", m3_needs_m2=True, m16="teardown"),
    "windows-r1": Profile("Windows 10 as sink asked for R1 names", _m3(WINDOWS,
                          "LPCM 00000003 00, AAC 0000000f 00, AC3 00000007 00", *WINDOWS_MORE),
                          server="MSMiracastSink/10.00.19041.2486"),
    "windows-r2": Profile(
        "Windows as sink: R2 and Microsoft names, receiver reports, change of mode in band",
        (WINDOWS2, "wfd2_audio_codecs: LPCM 000001ff 00", "wfd2_video_stream_control: 0f 0f",
         *_m3(WINDOWS, "LPCM 00000003 00, AAC 0000000f 00"), *WINDOWS_MORE),
        server="MSMiracastSink/10.00.19041.2486", r2_replaces_r1=True, rtcp=True),
    "xiaomi": Profile(
        "MediaTek TV: 720p binds, HDCP offered, 8 s before PLAY",
        _m3("28 01 01 01 0001FFFF 0F3FFFFF 00000FFF 00 0000 0000 13 0500 02D0", BOTH,
            "wfd_content_protection: HDCP2.1 port=4990",
            "wfd_uibc_capability: input_category_list=GENERIC;generic_cap_list=Keyboard, Mouse, "
            "SingleTouch;hidc_cap_list=none;"),
        m4_max=(1280, 720), play_delay_s=8.0, extra_body_crlf=True),
    "xiaomi-unbound": Profile(
        "MediaTek TV in another setting: 720p binds, and only experience says so",
        _m3("28 00 01 10 0001FFFF 0F3FFFFF 00000FFF 00 0000 0000 13 0500 02D0", BOTH),
        m4_max=(1280, 720)),
    "tcl-aac": Profile("AAC only; profile and level are masks; no 60 Hz", _m3(
        "38 00 03 1f 000194a0 00000000 00000000 00 0000 0000 00 none none", "AAC 00000001 00",
        "wfd_content_protection: none"), m4_needs_audio=True),
    "mstar-lpcm": Profile("LPCM only", _m3(
        "28 00 01 02 0001DEFF 157C7FFF 00000FFF 00 0000 0000 11 none none", "LPCM 00000003 00")),
    "actiontec": Profile("dongle: 303 on the first M4, M2 numbered 301, max-hres", _m3(
        "38 01 01 08 0001deff 07ffffff 00000fff 02 0000 0000 11 0780 0438", BOTH,
        "wfd_content_protection: HDCP2.1 port=25030", "wfd_display_edid: 0000 none"),
        cseq_start=301, m4_refuse=("wfd_video_formats: 415",)),
    "nec": Profile("projector with a VESA native mode", _m3(
        "79 00 02 02 0001DEFF 157C7FFF 00000FFF 00 0000 0000 11 none none, "
        "01 02 0001DEFF 157C7FFF 00000FFF 00 0000 0000 11 none none", BOTH)),
    "android442": Profile("all 96 resolution bits", _m3(
        "28 00 01 01 ffffffff ffffffff ffffffff 00 0000 0000 00 none none", "AAC 0000000F 00")),
    "mediatek": Profile("firmware of phones as sinks", _m3(
        "00 01 01 01 0001FFFF 0F3FFFFF 00000FFF 00 0000 0000 19 0500 02D0", "LPCM 00000003 00"),
        extra_body_crlf=True),
    "rdk": Profile("set-top box: HH bit past the table, closes on a trigger", _m3(
        "00 00 03 10 0001ffff 1fffffff 00001fff 00 0000 0000 10 none none", "AAC 00000007 00",
        "wfd_content_protection: none"), on_pause_trigger="nothing", on_teardown_trigger="close"),
    "picast": Profile("native names a table that is none", _m3(
        "06 00 01 10 000101C3 00208006 00000000 00 0000 0000 00 none none",
        "AAC 00000001 00, LPCM 00000002 00", "wfd_content_protection: none"),
        setup_uri="rtsp://localhost/wfd1.0"),
    "lazycast": Profile(
        "answers with numbers of its own, M2 is number 100, answers what was not asked",
        (RTP, "wfd_audio_codecs: AAC 00000001 00",
         "wfd_video_formats: 00 00 02 10 0001FEFF 3FFFFFFF 00000FFF 00 0000 0000 00 none none",
         "wfd_3d_video_formats: none", "wfd_coupled_sink: none", "wfd_display_edid: none",
         "wfd_connector_type: 05", "wfd_uibc_capability: input_category_list=GENERIC, HIDC;"
         "generic_cap_list=Keyboard, Mouse;hidc_cap_list=Keyboard/USB, Mouse/USB;port=none",
         "wfd_standby_resume_capability: none", "wfd_content_protection: none"),
        m3_filter=False, public_name="\\Public", cseq_start=100, reply_cseq="counter",
        one_per_read=True,
        session_form="{full}", on_pause_trigger="nothing", on_teardown_trigger="close"),
    "miraclecast": Profile("two profile bits; quotes Public; nothing follows a trigger", _m3(
        "00 00 03 10 0000001e 00000003 000000ff 00 0000 0000 10 none none", "AAC 00000007 00",
        "wfd_content_protection: none", "wfd_uibc_capability: input_category_list=GENERIC;"
        "generic_cap_list=Mouse,SingleTouch;hidc_cap_list=none;port=none"),
        public='"org.wfa.wfd1.0, GET_PARAMETER, SET_PARAMETER"', on_pause_trigger="nothing",
        on_teardown_trigger="nothing"),
    "roku": Profile("both RTP ports are the same", _m3(FULL, BOTH, rtp=PORTS_EQUAL),
                    transport="RTP/AVP/UDP;unicast;client_port={rtp}-{rtp}"),
    "crestron": Profile("AirMedia", _m3(FULL, BOTH, "intel_sink_manufacturer_name: "
                        "Crestron Electronics", "wfd_content_protection: none")),
    "openharmony": Profile("no answer to a PAUSE trigger; short transport; space before a colon", (
        "wfd_video_formats : 38 00 02 10 000000A1 00000000 00000000 00 0000 0000 00 none none",
        "wfd_audio_codecs: AAC 00000001 00", RTP, "wfd_connector_type: none",
        "wfd2_video_formats: none", "wfd2_audio_codecs: none", "wfd_idr_request_capability: none",
        "microsoft_max_bitrate: none", "wfd_connector_type: 5"),
        transport="RTP/AVP;unicast;client_port={rtp}", on_pause_trigger="silent"),
    "old-dongle": Profile("bare Transport, no Session header", _m3(
        "28 00 01 02 000000A1 00000000 00000000 00 0000 0000 00 none none", "LPCM 00000002 00"),
        transport="RTP/AVP/UDP;unicast", session_form=""),
    "airshow": Profile("no Session in PLAY, mapped address in the URI", _m3(FULL, BOTH),
                       setup_uri="rtsp://::ffff:127.0.0.1:7236/wfd1.0/streamid=0",
                       session_form="", on_teardown_trigger="silent"),
    "foxlost": Profile("formats of seven fields, a session id of its own, PLAY twice", _m3(
        "40 00 02 04 0001DEFF 053C7FFF 00000FFF", "LPCM  00000003 00"), play_twice=True,
        session_form="1", setup_uri="{url} none", no_final_crlf=True),
    "mcsink": Profile("two old modes, no VGA, ends with a trigger of its own", _m3(
        "28 00 01 01 00008400 00000000 00000000 00 0000 0000 00 none none", "LPCM 00000002 00"),
        session_form="", teardown_by_trigger=True, no_final_crlf=True),
    "tcp-first": Profile("asks for RTP over TCP before it asks for UDP", _m3(FULL, BOTH),
                         transports=("RTP/AVP/TCP;interleaved=0-1",
                                     "RTP/AVP/TCP;unicast;client_port={rtp}")),
    "aosp": Profile("SETUP before the answer to M5, address of x", _m3(
        "48 00 02 02 0001DEFF 157C7FFF 00000FFF 00 0000 0000 00 none none", "LPCM 00000003 00"),
        setup_uri="rtsp://x.x.x.x:x/wfd1.0/streamid=0", setup_before_reply=True,
        transport="RTP/AVP/UDP;unicast;client_port={rtp}-{rtcp}", on_teardown_trigger="nothing"),
    "mi-idr-storm": Profile("asks for an IDR for ever", _m3(FULL, BOTH), idr_period_s=0.1),
    "mi-tv": Profile("asks for an IDR for ever, and says who it is", _m3(
        FULL, BOTH, "intel_friendly_name: Mi TV"), idr_period_s=0.1),
    "vidaa": Profile("black with Android's stream", _m3(FULL, BOTH, "intel_friendly_name: Vidaa"),
                     pcr_in_video=True),
    "no-idr-request": Profile("never asks for an IDR and says so", _m3(
        FULL, BOTH, "wfd_idr_request_capability: 0")),
    # ---- what only the air says (rtsp/quirks): a name, the WFD element ----
    "samsung-menu": Profile("TV whose menu is not open", _m3(FULL, BOTH), closes_at_m3=True,
                            device="[TV] Samsung 7 Series"),
    "lg": Profile("TV that bears short session ids alone", _m3(FULL, BOTH), server="LGE",
                  session_max=8),
    "roku-named": Profile("leaves half a minute after the last M16", _m3(FULL, BOTH, rtp=PORTS_EQUAL),
                          transport="RTP/AVP/UDP;unicast;client_port={rtp}-{rtp}",
                          m16_within_s=30, device="Roku Express - 555"),
    "roku-element": Profile("names no maker: its element says it", _m3(FULL, BOTH, rtp=PORTS_EQUAL),
                            transport="RTP/AVP/UDP;unicast;client_port={rtp}-{rtp}",
                            m16_within_s=30, device="Living Room,00111c440096"),
    "hisense": Profile("black with Android's stream", _m3(FULL, BOTH), pcr_in_video=True,
                       m16_within_s=30, device="Hisense TV"),
    "fire-tv": Profile("takes its time before SETUP", _m3(FULL, BOTH), setup_delay_s=3.5,
                       device="Jo's Fire TV"),
    "android-projector": Profile("one slice a picture or black", _m3(FULL, BOTH),
                                 server="stagefright/1.2 (Linux;Android 9)"),
    "cast-dongle": Profile("names no maker: port 554 in its element", _m3(FULL, BOTH),
                           device="LOLLIPOP,0151022a012c"),
    "broadcom": Profile("dials 8554 whatever it was told", _m3(FULL, BOTH),
                        device="DIRECT-xy-Broadcom"),
    # ---- one property each ----
    "no-m2": Profile("never sends M2", _m3(FULL, BOTH, *PLAIN), m2="never"),
    "m2-first": Profile("M2 before the answer to M1", _m3(FULL, BOTH, *PLAIN), m2="before-m1"),
    "vga-only": Profile("640x480p60 alone", _m3(VGA, "LPCM 00000002 00")),
    "720p": Profile("nothing above 1280x720p30", _m3(
        "28 00 01 01 00000021 00000000 00000000 00 0000 0000 00 none none", BOTH, *PLAIN)),
    "ac3-only": Profile("AC-3 and no other sound", _m3(FULL, "AC3 00000007 00", *PLAIN)),
    "no-audio": Profile("no sound", _m3(FULL, "none", *PLAIN)),
    "no-video": Profile("answers M3 without video formats", ("wfd_audio_codecs: " + BOTH, RTP)),
    "strict-303": Profile("refuses two choices before it takes one", _m3(FULL, BOTH, *PLAIN),
                          m4_refuse=("wfd_video_formats: 415", "wfd_video_formats: 415, 457")),
    "split": Profile("three bytes in each write", _m3(FULL, BOTH, *PLAIN), split=3),
    "coalesced": Profile("several messages in one write", _m3(FULL, BOTH, *PLAIN), coalesce=True),
    "cseq-off-by-one": Profile("answers carry the number after", _m3(FULL, BOTH, *PLAIN),
                               reply_cseq="off-by-one"),
    "stray-crlf": Profile("an empty line after each request", _m3(FULL, BOTH, *PLAIN),
                          stray_crlf=True),
    "session-timeout-echo": Profile("Session comes back with ;timeout", _m3(FULL, BOTH, *PLAIN),
                                    session_form="{full}"),
    "slow-play": Profile("4 s before SETUP and before PLAY", _m3(FULL, BOTH, *PLAIN),
                         setup_delay_s=4.0, play_delay_s=4.0),
    "m16-silent": Profile("never answers M16", _m3(FULL, BOTH, *PLAIN), m16="ignore"),
    "silent-black": Profile("answers everything, asks for nothing", _m3(FULL, BOTH),
                            on_teardown_trigger="nothing"),
}

