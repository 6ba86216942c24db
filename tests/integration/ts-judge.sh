#!/bin/sh
# SPDX-License-Identifier: MIT
# Lets tools that are not ours judge our TS and RTP: ffprobe, ffmpeg, GStreamer's demultiplexer, VLC, tshark.
# Usage: ts-judge.sh TS-JUDGE-PROGRAM
set -eu

judge=$1
for tool in ffmpeg ffprobe tshark gst-launch-1.0 vlc; do
    command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# same NAME WISH GOT
same() {
    if [ "$2" = "$3" ]; then
        echo "fine: $1: $3"
    else
        echo "WRONG: $1: expected '$2', got '$3'"
        failed=1
    fi
}

ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=1280x720:r=30:d=2 -c:v libx264 -preset ultrafast \
    -tune zerolatency -profile:v baseline -g 30 -x264-params aud=1:slices=1 -pix_fmt yuv420p \
    -f h264 "$dir/v.h264"
ffmpeg -nostdin -v error -f lavfi -i sine=440:r=48000:d=2 -ac 2 -c:a aac -b:a 128k -f adts "$dir/a.aac"
ffmpeg -nostdin -v error -f lavfi -i sine=440:r=48000:d=2 -ac 2 -c:a ac3 -b:a 192k -f ac3 "$dir/a.ac3"

"$judge" "$dir/v.h264" "$dir/a.aac" "$dir/aac.ts" "$dir/aac.pcap"
"$judge" "$dir/v.h264" "$dir/a.ac3" "$dir/ac3.ts" "$dir/ac3.pcap"
"$judge" "$dir/v.h264" lpcm "$dir/lpcm.ts" "$dir/lpcm.pcap"

# The streams, their PIDs, every picture with its time; no complaint while decoding.
for kind in aac ac3 lpcm; do
    ts=$dir/$kind.ts
    same "$kind video" "h264,1280,720,0x1011,60" "$(ffprobe -v error -count_frames -select_streams v \
        -show_entries stream=codec_name,width,height,id,nb_read_frames -of csv=p=0 "$ts" |
        head -1 | tr -d ' ')"
    same "$kind first picture at 0.1 s" "0.100000" "$(ffprobe -v error -select_streams v \
        -show_entries packet=pts_time -of csv=p=0 "$ts" | head -1 | tr -d ,)"
    same "$kind pictures are even" "3000" "$(ffprobe -v error -select_streams v \
        -show_entries packet=pts -of csv=p=0 "$ts" | tr -d , | grep . |
        awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -u)"
    same "$kind key pictures" 2 "$(ffprobe -v error -select_streams v -show_entries packet=flags \
        -of csv=p=0 "$ts" | grep -c K)"
    same "$kind complaints" "" "$(ffmpeg -nostdin -v warning -i "$ts" -map 0:v -f null - 2>&1 |
        grep -v 'Could not find codec parameters\|Consider increasing\|unknown codec\|probed stream 1 failed' || true)"
done
for kind in aac ac3; do
    same "$kind sound" "$kind,48000,2" "$(ffprobe -v error -select_streams a \
        -show_entries stream=codec_name,sample_rate,channels -of csv=p=0 "$dir/$kind.ts" | head -1)"
    same "$kind sound decodes" "" "$(ffmpeg -nostdin -v warning -i "$dir/$kind.ts" -map 0:a -f null - \
        2>&1 || true)"
done

# GStreamer's demultiplexer knows the sound of Wi-Fi Display too.
same "gstreamer decodes" 60 "$(gst-launch-1.0 -v filesrc location="$dir/aac.ts" ! tsdemux name=d \
    d.video_0_1011 ! queue ! h264parse ! avdec_h264 ! identity silent=false ! fakesink sync=false \
    2>/dev/null | grep -c 'identity0.*last-message = chain')"
gst-launch-1.0 -q filesrc location="$dir/lpcm.ts" ! tsdemux name=d d.audio_0_1100 ! queue ! \
    filesink location="$dir/lpcm" >/dev/null
same "gstreamer's LPCM" "$((197 * 1924)) a0 06 00 11 00 00 00 00" "$(wc -c <"$dir/lpcm")$(od -An -tx1 \
    -N8 "$dir/lpcm")"

# VLC plays the LPCM, sample for sample: without the four bytes of header, and the other end first.
# It does not start for root.
as_user=""
[ "$(id -u)" -ne 0 ] || as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
mkdir -m 777 "$dir/vlc"
chmod a+x "$dir" && chmod a+r "$dir/lpcm.ts"
# shellcheck disable=SC2086
HOME=$dir/vlc $as_user vlc -I dummy --quiet --sout \
    "#transcode{vcodec=none,acodec=s16l,channels=2,samplerate=48000}:std{access=file,mux=wav,dst=$dir/vlc/out.wav}" \
    "$dir/lpcm.ts" vlc://quit >"$dir/vlc.log" 2>&1 || cat "$dir/vlc.log"
python3 -c 'import pathlib, sys
frames = pathlib.Path(sys.argv[1]).read_bytes()
pathlib.Path(sys.argv[2]).write_bytes(b"".join(frames[at + 4:at + 1924] for at in range(0, len(frames), 1924)))' \
    "$dir/lpcm" "$dir/samples"
same "VLC's LPCM" "$((197 * 1920)) $(dd if="$dir/samples" conv=swab status=none | md5sum)" \
    "$(tail -c +45 "$dir/vlc/out.wav" | wc -c) $(tail -c +45 "$dir/vlc/out.wav" | md5sum)"

# On the wire: all is RTP with TS in it, no continuity gap, no datagram over 1328 bytes.
for kind in aac ac3 lpcm; do
    pcap=$dir/$kind.pcap
    shark="tshark -r $pcap -d udp.port==5004,rtp"
    all=$($shark -T fields -e frame.number 2>/dev/null | wc -l)
    same "$kind datagrams are RTP with TS" "$all" "$($shark -Y 'rtp.p_type == 33 && mp2t' -T fields \
        -e frame.number 2>/dev/null | wc -l)"
    same "$kind markers" 60 "$($shark -Y 'rtp.marker == 1' -T fields -e frame.number 2>/dev/null |
        wc -l)"
    same "$kind too long" 0 "$($shark -Y 'udp.length > 1336' -T fields -e frame.number 2>/dev/null |
        wc -l)"
    same "$kind continuity gaps" 0 "$($shark -Y mp2t.cc.drop -T fields -e frame.number 2>/dev/null |
        wc -l)"
    same "$kind lost by sequence" "0 (0.0%)" "$($shark -q -z rtp,streams 2>/dev/null |
        grep -o '[0-9]* ([0-9.]*%)' | head -1)"
    same "$kind malformed or bad CRC" 0 "$($shark -o mpeg_sect.verify_crc:TRUE \
        -Y '_ws.malformed || mpeg_sect.crc.status == "Bad"' -T fields -e frame.number 2>/dev/null |
        wc -l)"
    same "$kind PAT and PMT seen" yes "$($shark -Y 'mpeg_pat && mpeg_pmt' -T fields \
        -e frame.number 2>/dev/null | head -1 | grep -q . && echo yes)"
done
exit $failed
