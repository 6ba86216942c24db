# SPDX-License-Identifier: MIT
"""As much H.264 as a judge of a Miracast stream needs: NAL units, SPS, PPS, slice headers."""

AUD, SPS, PPS, IDR, SLICE = 9, 7, 8, 5, 1
KNOWN = (SLICE, IDR, 6, SPS, PPS, AUD, 12)  # SEI and filler too
HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128)


class Bits:
    """Reads an RBSP (emulation prevention taken out)."""

    def __init__(self, data):
        self.data = data.replace(b"\0\0\3", b"\0\0")
        self.at = 0

    def u(self, count):
        value = 0
        for _ in range(count):
            byte = self.at >> 3
            if byte >= len(self.data):
                raise ValueError("parameter set is too short")
            value = value << 1 | self.data[byte] >> (7 - (self.at & 7)) & 1
            self.at += 1
        return value

    def ue(self):
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("Exp-Golomb code is too long")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self):
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def nal_units(data):
    """NAL units of Annex B bytes, start codes and trailing zeros taken off."""
    out = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        nal = data[at + 3:following if following >= 0 else len(data)].rstrip(b"\0")
        if nal:
            out.append(nal)
        at = following
    return out


def _scaling_list(bits, size):
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _vui(bits):
    vui = {}
    if bits.u(1) and bits.u(8) == 255:
        bits.u(32)
    if bits.u(1):
        bits.u(1)
    if bits.u(1):
        bits.u(3)
        vui["full_range"] = bits.u(1)
        if bits.u(1):
            vui["matrix"] = (bits.u(8), bits.u(8), bits.u(8))[2]
    if bits.u(1):
        bits.ue(), bits.ue()
    if bits.u(1):
        units, scale = bits.u(32), bits.u(32)
        vui["fps"] = round(scale / (2 * units), 3) if units else None
        vui["fixed_rate"] = bits.u(1)
    hrd = 0
    for _ in range(2):
        if bits.u(1):
            hrd = 1
            count = bits.ue() + 1
            bits.u(8)
            for _ in range(count):
                bits.ue(), bits.ue(), bits.u(1)
            bits.u(20)
    if hrd:
        bits.u(1)
    bits.u(1)
    if bits.u(1):
        bits.u(1)
        for _ in range(4):
            bits.ue()
        vui["reorder_frames"], vui["dec_frame_buffering"] = bits.ue(), bits.ue()
    return vui


def parse_sps(nal):
    bits = Bits(nal[1:])
    sps = {"profile_idc": bits.u(8), "constraints": f"{bits.u(8):02x}", "level_idc": bits.u(8)}
    bits.ue()
    chroma = 1
    if sps["profile_idc"] in HIGH_PROFILES:
        chroma = bits.ue()
        if chroma == 3:
            bits.u(1)
        bits.ue(), bits.ue(), bits.u(1)
        if bits.u(1):
            for i in range(8 if chroma != 3 else 12):
                if bits.u(1):
                    _scaling_list(bits, 16 if i < 6 else 64)
    sps["frame_num_bits"] = bits.ue() + 4
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1), bits.se(), bits.se()
        for _ in range(bits.ue()):
            bits.se()
    sps["ref_frames"] = bits.ue()
    sps["gaps_allowed"] = bits.u(1)
    width, height = (bits.ue() + 1) * 16, (bits.ue() + 1) * 16
    frame_only = bits.u(1)
    if not frame_only:
        bits.u(1)
    sps["progressive"] = bool(frame_only)
    bits.u(1)
    if bits.u(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= 2 * (left + right)
        height -= 2 * (top + bottom) * (2 - frame_only)
    sps["width"], sps["height"] = width, height * (2 - frame_only)
    sps["vui"] = _vui(bits) if bits.u(1) else None
    return sps


class Parameters:
    """Looks into each access unit and remembers the parameter sets that were in force."""

    def __init__(self, faults):
        self.faults = faults
        self.raw_sps = None
        self.sps = None
        self.cabac = False
        self.frame_num = None  # (of the last picture, is it referred to)
        self.idr_pic_id = None
        self.history = []  # one entry for each SPS that differs from the one before

    def access_unit(self, payload, unit):
        kinds = []
        if payload[:3] != b"\0\0\1" and payload[:4] != b"\0\0\0\1":
            self.faults.add("h264-no-start-code", payload[:6].hex())
        for nal in nal_units(payload):
            kind = nal[0] & 31
            kinds.append(kind)
            self._header(nal)
            if kind == SPS:
                self._sps(nal)
            elif kind == PPS:
                self._pps(nal)
            elif kind in (IDR, SLICE):
                unit.slices += 1
                self._slice(nal)
        unit.idr = IDR in kinds
        unit.sps = len(self.history) - 1 if self.history else None
        self._order(kinds, unit)

    def _header(self, nal):
        """7.4.1."""
        kind, ref = nal[0] & 31, nal[0] >> 5 & 3
        if nal[0] & 0x80 or kind not in KNOWN:
            self.faults.add("h264-nal-kind", nal[:2].hex())
        if (kind in (IDR, SPS, PPS) and not ref) or (kind in (6, AUD, 12) and ref):
            self.faults.add("h264-nal-ref-idc", nal[:2].hex())

    def _order(self, kinds, unit):
        """7.4.1.2.3: one delimiter, and parameters and SEI before the slices."""
        slices = [i for i, kind in enumerate(kinds) if kind in (IDR, SLICE)]
        others = [i for i, kind in enumerate(kinds) if kind in (AUD, SPS, PPS, 6)]
        if kinds.count(AUD) > 1 or (slices and others and max(others) > slices[0]):
            self.faults.add("h264-nal-order", kinds[:12])
        if not kinds or kinds[0] != AUD:
            self.faults.add("h264-without-aud", kinds[:6])
        if unit.slices == 0:
            self.faults.add("h264-without-slice", kinds[:6])
        elif unit.slices > 1:
            self.faults.add("h264-many-slices", unit.slices)
        if unit.idr:
            first = kinds.index(IDR)
            if SPS not in kinds[:first] or PPS not in kinds[:first]:
                self.faults.add("idr-without-parameter-sets", kinds[:6])
        elif SPS in kinds and self.history and self.history[-1].get("used") is False:
            self.faults.add("sps-without-idr")
        if unit.idr and self.history:
            self.history[-1]["used"] = True

    def _sps(self, nal):
        if nal == self.raw_sps:
            return
        self.raw_sps = nal
        try:
            self.sps = parse_sps(nal)
        except ValueError as error:
            self.faults.add("h264-sps", error)
            return
        self.frame_num = None  # another sequence
        self.history.append(dict(self.sps, used=False))

    def _pps(self, nal):
        try:
            bits = Bits(nal[1:])
            bits.ue(), bits.ue()
            self.cabac = bool(bits.u(1))
        except ValueError as error:
            self.faults.add("h264-pps", error)
            return
        if self.history:
            self.history[-1]["cabac"] = self.cabac
        if self.cabac and self.sps and self.sps["profile_idc"] == 66:
            self.faults.add("h264-cabac-in-baseline")

    def _slice(self, nal):
        try:
            bits = Bits(nal[1:16])
            first_mb = bits.ue()
            if bits.ue() % 5 == 1:
                self.faults.add("h264-b-slice")
            bits.ue()
            if self.sps and not first_mb:
                self._frame_num(nal, bits)
        except ValueError as error:
            self.faults.add("h264-slice", error)

    def _frame_num(self, nal, bits):
        """7.4.3: one more than the last picture that is referred to; a gap is a picture lost before
        it was sent."""
        width = self.sps["frame_num_bits"]
        number = bits.u(width)
        if nal[0] & 31 == IDR:
            if not self.sps["progressive"]:
                bits.u(1)
            pic_id = bits.ue()
            if self.frame_num and self.frame_num[2] and pic_id == self.idr_pic_id:
                self.faults.add("h264-idr-pic-id", pic_id)
            self.idr_pic_id = pic_id
            if number:
                self.faults.add("h264-frame-num", f"IDR: {number}")
        elif self.frame_num:
            last, was_ref, _ = self.frame_num
            if number != (last + was_ref) % (1 << width):
                self.faults.add("h264-frame-num", f"{last} then {number}")
        self.frame_num = number, bool(nal[0] >> 5 & 3), nal[0] & 31 == IDR

    def report(self):
        return [{k: v for k, v in entry.items() if k != "used"} for entry in self.history]
