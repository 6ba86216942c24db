# SPDX-License-Identifier: MIT
"""A Wi-Fi Display sink for the lab: dials a source, plays its part of M1..M16, judges the stream.

Shares no code with the product.  Standard library only; ffmpeg is run as a program.
"""
