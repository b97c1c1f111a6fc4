"""Reads a server's bytes with wsproto and says what a client hears (see CutPointTests.swift).

Input: a file with one case a line, in hexadecimal. Output for each: one line an event, then "end CODE", the code that
the connection is closed with, 0 while it is open.
"""

import sys

from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed


def judge(data: bytes) -> None:
    protocol = FrameProtocol(client=True, extensions=[])
    kind, gathered, code = None, b"", 0
    try:
        protocol.receive_bytes(data)
        for frame in protocol.received_frames():
            payload = frame.payload
            if frame.opcode == Opcode.CLOSE:
                code = int(payload[0])
                break
            if frame.opcode in (Opcode.PING, Opcode.PONG):
                print("ping" if frame.opcode == Opcode.PING else "pong", bytes(payload).hex())
                continue
            kind = kind or ("text" if frame.opcode == Opcode.TEXT else "binary")
            gathered += payload.encode() if isinstance(payload, str) else bytes(payload)
            if frame.message_finished:
                print(kind, gathered.hex())
                kind, gathered = None, b""
    except ParseFailed as failure:
        code = int(failure.code)
    print("end", code)


for line in open(sys.argv[1]):
    judge(bytes.fromhex(line.strip()))
