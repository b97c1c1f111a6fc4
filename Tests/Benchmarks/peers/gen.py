#!/usr/bin/env python3
"""Makes streams of server frames from the real messages of the corpus, unmasked and without a close frame.

    gen.py MESSAGES FOLDER            all four; the last needs zstandard
    gen.py MESSAGES FOLDER few        the first two, for a check
    gen.py MESSAGES FOLDER misses     the first, of commits alone: nothing in it is anybody's but a collection's

plain.ws          text frames
deflate_ct.ws     permessage-deflate with context takeover, at zlib's level 1 as coder/websocket does
deflate_noct.ws   without context takeover, at level 1 as gorilla/websocket does
relay.ws          binary frames of a relay, repeated
"""

import itertools
import os
import random
import re
import struct
import sys
import zlib

COUNT, FOLDER = int(sys.argv[1]), sys.argv[2]
CORPUS = os.environ["CORPUS"]
KIND = sys.argv[3] if len(sys.argv) > 3 else "all"

rng = random.Random(20261122)
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def base32(length: int) -> str:
    bits = rng.getrandbits(5 * length)
    return "".join(BASE32[bits >> 5 * place & 31] for place in range(length))


dids = ["did:plc:" + base32(24) for _ in range(60_000)]
cids = ["bafyrei" + base32(52) for _ in range(20_000)]
uris = [f"at://{rng.choice(dids)}/app.bsky.feed.post/3m{base32(11)}" for _ in range(20_000)]

# What the clients look for; it is once in two thousand.
PULL = (
    '{"did":"did:plc:wq4aajammjtxdomz3e23667t","time_us":1783175888085434,"kind":"commit","commit":{"rev":"3mptbypluud2a",'
    '"operation":"create","collection":"sh.tangled.repo.pull","rkey":"3mptbyplj5d2a","record":{'
    '"$type":"sh.tangled.repo.pull","body":"Fixes the off-by-one in the ring buffer and adds a test.\\n\\nCloses #42.",'
    '"createdAt":"2026-07-04T14:38:08.999Z","patchBlob":{"$type":"blob","ref":{'
    '"$link":"bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e"},"mimeType":"application/gzip","size":1196},'
    '"source":{"branch":"fix/ring","sha":"0123456789abcdef0123456789abcdef01234567"},"target":{"branch":"main",'
    '"repo":"did:plc:wq4aajammjtxdomz3e23667t"},"title":"fix ring buffer"},'
    '"cid":"bafyreiguce4jh7kcbmof3pmcvasifqtw24b6isakj5ve5ga2b4z4alpc4i"}}'
)
with open(f"{CORPUS}/expected_v1.jsonl", encoding="utf-8") as file:
    lines = [line.rstrip("\n") for line in file]
# Looks like it to whoever only searches.
TRAP = lines[3].replace(
    '"text":"',
    '"text":"talking about sh.tangled.repo.pull \\"collection\\":\\"sh.tangled.repo.pull\\" in a post ',
)

VARIABLE = re.compile(
    r"(?P<uri>at://did:plc:[a-z2-7]{24}/app\.bsky\.feed\.post/3m[a-z2-7]{11})|(?P<did>did:plc:[a-z2-7]{24})"
    r'|(?P<cid>bafyrei[a-z2-7]{52})|(?P<key>"3m[a-z2-7]{11}")|(?P<time>"time_us":\d+)'
    r"|(?P<date>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
)


class Template:
    """A message whose names and times are others each time."""

    def __init__(self, line: str):
        matches = list(VARIABLE.finditer(line))
        ends = [0, *(match.end() for match in matches)]
        self.texts = [line[end:match.start()] for end, match in zip(ends, matches)]
        self.kinds = [match.lastgroup for match in matches]
        self.tail = line[ends[-1]:]

    def fill(self, now: int) -> bytes:
        filled, is_first_cid = [], True
        for text, kind in zip(self.texts, self.kinds):
            filled.append(text)
            if kind == "uri":
                # Some are named more often than others.
                filled.append(uris[int(rng.random() ** 2 * len(uris))])
            elif kind == "did":
                filled.append(dids[int(rng.random() ** 1.5 * len(dids))])
            elif kind == "cid":
                filled.append(cids[int(rng.random() ** 2 * len(cids))] if is_first_cid else "bafyrei" + base32(52))
                is_first_cid = False
            elif kind == "key":
                filled.append(f'"3m{base32(11)}"')
            elif kind == "time":
                filled.append(f'"time_us":{now}')
            else:
                time = (now // 1000 - rng.randrange(3000)) % 86_400_000
                hour, minute, second = time // 3_600_000, time // 60_000 % 60, time // 1000 % 60
                filled.append(f"2026-07-04T{hour:02}:{minute:02}:{second:02}.{time % 1000:03}Z")
        return "".join([*filled, self.tail]).encode()


def messages():
    """As many as are asked for, in the order of their times."""
    pull, trap = Template(PULL), Template(TRAP)
    common = [Template(line) for line in lines if KIND != "misses" or '"kind":"commit"' in line]
    now = 1_783_175_888_085_434
    for number in range(COUNT):
        now += rng.randrange(200, 2400)
        if number % 2000 == 777:
            template = pull
        elif number % 5000 == 1234:
            template = trap
        else:
            template = common[rng.randrange(len(common))]
        yield template.fill(now)


def frame(opcode: int, payload: bytes, is_compressed: bool = False) -> bytes:
    first, size = 0x80 | opcode | (0x40 if is_compressed else 0), len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    return (struct.pack("!BBH", first, 126, size) if size < 65536 else struct.pack("!BBQ", first, 127, size)) + payload


def deflater():
    return zlib.compressobj(1, zlib.DEFLATED, -15, 8)


def compressed(message: bytes, compressor) -> bytes:
    return frame(1, (compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4], is_compressed=True)


def write_relay(path: str) -> None:
    import zstandard

    with open(f"{CORPUS}/frames.bin.zst", "rb") as file:
        data = zstandard.ZstdDecompressor().decompressobj().decompress(file.read())
    frames, start = [], 0
    while start < len(data):
        # Each message is behind its length.
        size, = struct.unpack_from("<I", data, start)
        frames.append(frame(2, data[start + 4:start + 4 + size]))
        start += 4 + size
    with open(path, "wb") as file:
        for _ in itertools.repeat(None, max(1, COUNT // 15) // len(frames)):
            file.write(b"".join(frames))


os.makedirs(FOLDER, exist_ok=True)
names = {"misses": ["plain"], "few": ["plain", "deflate_ct"]}.get(KIND, ["plain", "deflate_ct", "deflate_noct"])
context = deflater()
forms = {
    "plain": lambda message: frame(1, message),
    "deflate_ct": lambda message: compressed(message, context),
    "deflate_noct": lambda message: compressed(message, deflater()),
}
files = {name: open(f"{FOLDER}/{name}.ws", "wb", buffering=1 << 22) for name in names}
for message in messages():
    for name, file in files.items():
        file.write(forms[name](message))
for file in files.values():
    file.close()
if KIND == "all":
    write_relay(f"{FOLDER}/relay.ws")
