#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The runtime drives a module of someone else's: test_foreign_driver.py MIRACAST MODULE"""

import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Bed, check  # noqa: E402

with Bed(sys.argv[1]) as bed:
    source, port = bed.cast("--capture", "test", "--umd", sys.argv[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sink:
        hello = sink.recv(4096)
        check(hello.startswith(b"OPTIONS * RTSP/1.0\r\n"), hello)
        sink.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        sink.settimeout(0.5)
        try:
            check(sink.recv(1) != b"", "the session ended early")
        except TimeoutError:
            pass  # it runs
    check(source.wait() == 0, source.text())
