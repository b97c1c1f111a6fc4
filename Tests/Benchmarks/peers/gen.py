#!/usr/bin/env python3
"""Build the benchmark streams in DATA dir from real captured events.

inputs: ../corpus/expected_v1.jsonl (152 real Jetstream v1 events), ../corpus/frames.bin.zst (150 real relay messages)
outputs (DATA/*.ws = raw server->client bytes: unmasked frames, no close frame)
  plain.ws        N text frames            deflate_ct.ws   permessage-deflate, context takeover, zlib level 1 (coder/websocket = BestSpeed)
  deflate_ct6.ws  same, level 6            deflate_noct.ws server_no_context_takeover, level 1 (gorilla)
  relay.ws        R binary frames (150 real relay frames repeated)
"""
import json, os, random, re, struct, sys, zlib, time
N = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
OUT = sys.argv[2] if len(sys.argv) > 2 else "/tmp/wsbench-data"
HERE = os.path.dirname(os.path.abspath(__file__)); CORPUS = os.environ.get("CORPUS", HERE + "/../corpus")
os.makedirs(OUT, exist_ok=True)
rnd = random.Random(20261122)
B32 = "abcdefghijklmnopqrstuvwxyz234567"
def r32(n):
    x = rnd.getrandbits(5 * n); s = []
    for _ in range(n): s.append(B32[x & 31]); x >>= 5
    return "".join(s)
dids = ["did:plc:" + r32(24) for _ in range(60000)]
cids = ["bafyrei" + r32(52) for _ in range(20000)]
uris = ["at://%s/app.bsky.feed.post/3m%s" % (rnd.choice(dids), r32(11)) for _ in range(20000)]
lines = [l.rstrip("\n") for l in open(os.path.join(CORPUS, "expected_v1.jsonl"), encoding="utf-8")]
pull = ('{"did":"did:plc:wq4aajammjtxdomz3e23667t","time_us":1783175888085434,"kind":"commit","commit":{"rev":"3mptbypluud2a","operation":"create",'
  '"collection":"sh.tangled.repo.pull","rkey":"3mptbyplj5d2a","record":{"$type":"sh.tangled.repo.pull","body":"Fixes the off-by-one in the ring buffer and adds a test.\\n\\nCloses #42.",'
  '"createdAt":"2026-07-04T14:38:08.999Z","patchBlob":{"$type":"blob","ref":{"$link":"bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e"},"mimeType":"application/gzip","size":1196},'
  '"source":{"branch":"fix/ring","sha":"0123456789abcdef0123456789abcdef01234567"},"target":{"branch":"main","repo":"did:plc:wq4aajammjtxdomz3e23667t"},"title":"fix ring buffer"},'
  '"cid":"bafyreiguce4jh7kcbmof3pmcvasifqtw24b6isakj5ve5ga2b4z4alpc4i"}}')
trap = lines[3].replace('"text":"', '"text":"talking about sh.tangled.repo.pull \\"collection\\":\\"sh.tangled.repo.pull\\" in a post ')
pat = re.compile(r'at://did:plc:[a-z2-7]{24}/app\.bsky\.feed\.post/3m[a-z2-7]{11}|did:plc:[a-z2-7]{24}|bafyrei[a-z2-7]{52}|"3m[a-z2-7]{11}"|"time_us":\d+|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')
def compile_t(l):
    parts, kinds, i = [], [], 0
    for m in pat.finditer(l):
        parts.append(l[i:m.start()]); i = m.end(); t = m.group()
        kinds.append("u" if t[:2] == "at" else "d" if t[:3] == "did" else "c" if t[:4] == "bafy" else "k" if t[:3] == '"3m' else "t" if t[0] == '"' else "T")
    parts.append(l[i:]); return parts, kinds
MISSES = "misses" in sys.argv  # plain alone, of commits alone: nothing in it is anybody's but a collection's
T = [compile_t(l) for l in lines if not MISSES or '"kind":"commit"' in l]; TP = compile_t(pull); TT = compile_t(trap)
now = 1783175888085434
def make(i):
    global now
    now += rnd.randrange(200, 2400)
    parts, kinds = TP if i % 2000 == 777 else TT if i % 5000 == 1234 else T[rnd.randrange(len(T))]
    o = []
    first = True
    for p, k in zip(parts, kinds):
        o.append(p)
        if k == "u": o.append(uris[int(rnd.random() ** 2 * 20000)])
        elif k == "d": o.append(dids[int(rnd.random() ** 1.5 * 60000)])
        elif k == "c": o.append(cids[int(rnd.random() ** 2 * 20000)] if first else "bafyrei" + r32(52)); first = False
        elif k == "k": o.append('"3m' + r32(11) + '"')
        elif k == "t": o.append('"time_us":%d' % now)
        else:
            ms = (now // 1000 - rnd.randrange(3000)) % 86400000
            o.append("2026-07-04T%02d:%02d:%02d.%03dZ" % (ms // 3600000, ms // 60000 % 60, ms // 1000 % 60, ms % 1000))
    o.append(parts[-1])
    return "".join(o).encode("utf-8")
def frame(op, p, rsv1=False):
    b0 = 0x80 | op | (0x40 if rsv1 else 0); n = len(p)
    if n < 126: return bytes((b0, n)) + p
    if n < 65536: return struct.pack("!BBH", b0, 126, n) + p
    return struct.pack("!BBQ", b0, 127, n) + p
FEW = MISSES or "few" in sys.argv  # plain and deflate_ct alone, for a check: needs nothing but Python
W = {k: open(os.path.join(OUT, k + ".ws"), "wb", buffering=1 << 22) for k in (("plain",) if MISSES else ("plain", "deflate_ct") if FEW else ("plain", "deflate_ct", "deflate_ct6", "deflate_noct"))}
c1 = zlib.compressobj(1, zlib.DEFLATED, -15, 8); c6 = zlib.compressobj(6, zlib.DEFLATED, -15, 8)
tot = dict.fromkeys(W, 0); nraw = 0; t0 = time.time()
for i in range(N):
    e = make(i); nraw += len(e)
    fs = {"plain": frame(1, e)}
    d = (c1.compress(e) + c1.flush(zlib.Z_SYNC_FLUSH))[:-4]; fs["deflate_ct"] = frame(1, d, True)
    if FEW:
        for k, f in W.items(): f.write(fs[k])
        continue
    d = (c6.compress(e) + c6.flush(zlib.Z_SYNC_FLUSH))[:-4]; fs["deflate_ct6"] = frame(1, d, True)
    c0 = zlib.compressobj(1, zlib.DEFLATED, -15, 8); d = (c0.compress(e) + c0.flush(zlib.Z_SYNC_FLUSH))[:-4]; fs["deflate_noct"] = frame(1, d, True)
    for k, f in fs.items(): W[k].write(f); tot[k] += len(f)
for f in W.values(): f.close()
if FEW: sys.exit()
import zstandard
fr = zstandard.ZstdDecompressor().decompressobj().decompress(open(os.path.join(CORPUS, "frames.bin.zst"), "rb").read()); L = []; i = 0
while i < len(fr):
    n, = struct.unpack_from("<I", fr, i); L.append(fr[i + 4:i + 4 + n]); i += 4 + n
R = max(1, N // 15)
one = b"".join(frame(2, x) for x in L)
with open(os.path.join(OUT, "relay.ws"), "wb") as f:
    for _ in range(R // len(L)): f.write(one)
print(json.dumps({"events": N, "raw_bytes": nraw, "mean": nraw / N, "stream_bytes": tot, "relay_frames": R // len(L) * len(L), "relay_mean": sum(map(len, L)) / len(L), "secs": round(time.time() - t0)}))
