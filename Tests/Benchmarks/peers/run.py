#!/usr/bin/env python3
"""Run the client matrix against two replay servers. usage: run.py GROUP[,GROUP] [REPS] [only=regex]
Starts its own servers on 9300 (TCP) and 9301 (TLS 1.3 AES-128-GCM), pinned to core 0; clients pinned to core 1; both nice -12 when root.
Appends every run to results/runs.jsonl; `report.py` prints medians."""
import json, os, re, subprocess, sys, time
H = os.path.dirname(os.path.abspath(__file__)); C = H + "/clients/"; PY = os.environ.get("WSPY", "/tmp/wsvenv/bin/python")
DATA = os.environ.get("WSDATA", "/tmp/wsbench-data"); NIO = os.environ.get("NIO", "/tmp/nio/build/release/nioclient")
def c_(x): return [C + x]
CL = {  # name: (argv builder)
 "climit": lambda s, n, m, t: c_("climit") + ["127.0.0.1", "PORT", s, n, {"recv": "frame"}.get(m, m), t],
 "climit-raw": lambda s, n, m, t: c_("climit") + ["127.0.0.1", "PORT", s, n, "raw", t],
 "beast": lambda s, n, m, t: c_("beast") + ["127.0.0.1", "PORT", s, n, m, t],
 "lws": lambda s, n, m, t: c_("lws") + ["127.0.0.1", "PORT", s, n, m, t],
 "go-gorilla": lambda s, n, m, t: c_("gows_bin") + ["127.0.0.1", "PORT", s, n, m, t, "gorilla"],
 "go-nhooyr": lambda s, n, m, t: c_("gows_bin") + ["127.0.0.1", "PORT", s, n, m, t, "nhooyr"],
 "nio-handler": lambda s, n, m, t: [NIO, "127.0.0.1", "PORT", s, n, m, t, "handler"],
 "nio-async": lambda s, n, m, t: [NIO, "127.0.0.1", "PORT", s, n, m, t, "async"],
 "picows": lambda s, n, m, t: [PY, C + "py_picows.py", "127.0.0.1", "PORT", s, n, m, t],
 "picows-fn": lambda s, n, m, t: [PY, C + "py_picows.py", "127.0.0.1", "PORT", s, n, m, t, "fn"],
 "websockets": lambda s, n, m, t: [PY, C + "py_websockets.py", "127.0.0.1", "PORT", s, n, m, t],
 "websockets-uv": lambda s, n, m, t: [PY, C + "py_websockets.py", "127.0.0.1", "PORT", s, n, m, t, "uv"],
 "websockets-sync": lambda s, n, m, t: [PY, C + "py_websockets.py", "127.0.0.1", "PORT", s, n, m, t, "sync"],
 "aiohttp": lambda s, n, m, t: [PY, C + "py_aiohttp.py", "127.0.0.1", "PORT", s, n, m, t],
 "aiohttp-uv": lambda s, n, m, t: [PY, C + "py_aiohttp.py", "127.0.0.1", "PORT", s, n, m, t, "uv"],
 "pycurl": lambda s, n, m, t: [PY, C + "py_pycurl.py", "127.0.0.1", "PORT", s, n, m, t],
 "node-ws": lambda s, n, m, t: ["node", C + "node_ws.js", "127.0.0.1", "PORT", s, n, m, t],
 "node-native": lambda s, n, m, t: ["node", "--experimental-websocket", C + "node_ws.js", "127.0.0.1", "PORT", s, n, m, t, "native"],
 "websocat": lambda s, n, m, t: ["python3", C + "websocat.py", "127.0.0.1", "PORT", s, n, m, t],
}
if "OURS" in os.environ: CL["ours"] = lambda s, n, m, t: [*os.environ["OURS"].split(), "127.0.0.1", "PORT", s, n, m, t]
# Live pace: the limit program also with the same rest of 10 ms and OpenSSL's read-ahead, and without TLS, frames and search (what the kernel alone costs).
CL["climit 10 ms"] = lambda s, n, m, t: ["env", "COALESCE=10", "READAHEAD=65536", *CL["climit"](s, n, m, t)]
CL["recv 10 ms"] = lambda s, n, m, t: ["env", "COALESCE=10", *CL["climit-raw"](s, n, m, t)]
for rest in "0", "10": CL[f"ours {rest} ms"] = lambda s, n, m, t, rest=rest: ["env", f"COALESCE={rest}", *CL["ours"](s, n, m, t)]
CL["ours 10 ms, timed"] = lambda s, n, m, t: ["env", "RATE=" + next(a[5:] for a in sys.argv if a.startswith("rate=")), *CL["ours 10 ms"](s, n, m, t)]
FAST, MID, SLOW = 1000000, 400000, 200000
NN = {"ours": FAST, "climit": FAST, "climit-raw": FAST, "beast": FAST, "go-gorilla": FAST, "picows": FAST, "picows-fn": FAST, "nio-handler": 500000, "lws": MID, "go-nhooyr": 500000, "pycurl": MID, "node-ws": MID,
      "websocat": MID, "aiohttp": MID, "aiohttp-uv": MID}
def n_(c, k=1): return max(50000, NN.get(c, SLOW) // k)
OURS = ["ours"] if "ours" in CL else []
ALL = OURS + ["climit", "beast", "go-gorilla", "go-nhooyr", "lws", "nio-handler", "nio-async", "picows", "websockets", "websockets-uv", "websockets-sync", "aiohttp", "aiohttp-uv", "pycurl", "node-ws", "node-native", "websocat"]
G = {
 "plain": [("climit-raw", "plain", "recv", 0)] + [(c, "plain", "recv", 0) for c in ALL] + [("climit", "plain", "utf8", 0)],
 "filter": [(c, "plain", "filter", 0) for c in ALL if c != "websocat"],
 "json": [(c, "plain", "json", 0) for c in ALL if c not in ("websocat", "lws", "pycurl")],
 "tls": [("climit-raw", "plain", "recv", 1)] + [(c, "plain", "filter", 1) for c in OURS + ["climit", "beast", "go-gorilla", "go-nhooyr", "lws", "nio-handler", "nio-async", "picows", "picows-fn", "websockets", "websockets-uv", "aiohttp", "pycurl", "node-ws"]] + [(c, "plain", "recv", 1) for c in ["climit", "beast", "picows", "nio-handler", "websocat"]],
 "deflate": [(c, "deflate_ct", "filter", 0) for c in OURS + ["climit", "beast", "go-nhooyr", "lws", "picows", "websockets", "aiohttp", "node-ws"]],
 "noct": [(c, "deflate_noct", "filter", 0) for c in OURS + ["climit", "beast", "go-gorilla", "lws", "picows", "websockets", "aiohttp", "node-ws"]],
 "relay": [(c, "relay", "recv", 0) for c in OURS + ["climit-raw", "climit", "beast", "go-gorilla", "nio-handler", "picows", "websockets", "aiohttp", "node-ws"]],
}
PACED = OURS + ["climit", "beast", "go-gorilla", "nio-handler", "nio-async", "picows", "websockets", "aiohttp", "node-ws"]
G["paced"] = [(c, "plain", "filter", 1) for c in PACED]
G["live"] = [("climit", "plain", "filter", 1), ("climit 10 ms", "plain", "filter", 1), ("recv 10 ms", "plain", "raw", 0)] + [(f"ours {k}", "plain", "filter", 1) for k in ("0 ms", "10 ms", "10 ms, timed")]
G["pacedraw"] = [(c, "plain", "filter", 0) for c in PACED]
def main():
    rate = next((a[5:] for a in sys.argv if a.startswith("rate=")), None); rn = next((int(a[2:]) for a in sys.argv if a.startswith("n=")), 0)
    groups = sys.argv[1].split(","); reps = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    only = next((a[5:] for a in sys.argv if a.startswith("only=")), None)
    nice = ["nice", "-n", "-12"] if os.geteuid() == 0 else []
    srv = [subprocess.Popen(nice + ["taskset", "-c", "0", H + "/server/wsserver", "9300", DATA] + (["--rate", rate] if rate else []), stderr=subprocess.DEVNULL),
           subprocess.Popen(nice + ["taskset", "-c", "0", H + "/server/wsserver", "9301", DATA, "--tls", H + "/server/cert.pem", H + "/server/key.pem"] + (["--rate", rate] if rate else []), stderr=subprocess.DEVNULL)]
    time.sleep(0.5); os.makedirs(H + "/results", exist_ok=True) if os.access(H, os.W_OK) else None; out = open(os.environ.get("WSRESULTS", H + "/results/runs.jsonl"), "a")
    try:
        for g in groups:
            for r in range(reps):
                for c, s, m, t in G[g]:
                    if only and not re.search(only, c): continue
                    k = 1 if s == "plain" else 5 if s.startswith(("deflate", "zstd")) else 15
                    if t and k == 1: k = 2
                    if m == "json": k *= 2
                    n = n_(c, k) if s != "relay" else 60000
                    if rn: n = rn
                    argv = [a.replace("PORT", "9301" if t else "9300") for a in map(str, CL[c](s, n, m, t))]
                    env = dict(os.environ, PYTHONPATH=C, DELAY="100", GOMAXPROCS="1")
                    try:
                        p = subprocess.run(nice + ["taskset", "-c", "1"] + argv, capture_output=True, text=True, timeout=90, env=env)
                        d = json.loads(p.stdout.strip().splitlines()[-1])
                    except Exception as e:
                        print("FAIL", c, s, m, t, repr(e)[:200], getattr(p, "stderr", "")[-300:] if "p" in dir() else ""); continue
                    d.update(key=c, group=g + (rate or ""), stream=s, want=m, tls=t, rep=r, load=os.getloadavg()[0])
                    if d["n"] != n: print("SHORT", c, s, m, d["n"], n)
                    out.write(json.dumps(d) + "\n"); out.flush()
    finally:
        for p in srv: p.terminate()
main()
