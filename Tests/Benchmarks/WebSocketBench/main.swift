// The bench client: HOST PORT STREAM N MODE TLS, one JSON line of result (see bench.sh).
//
// MODE: recv hands out messages and counts them; utf8 is the same, because the client checks text anyway; filter has the
// daemon's decoder look for commits of a collection; json decodes every message in full.
//
// COALESCE is the reader's rest in milliseconds (0), CAFILE the server's certificate for TLS, REPEAT how often the server
// sends the stream, COLLECTION what is looked for (sh.tangled.repo.pull), RATE the pace of the server in messages a second:
// then the latency that is added to each message is reported too.

import ATProtocol
import Glibc
import Logging
import Network
import WebSocket

let arguments = CommandLine.arguments
guard arguments.count >= 7, let streamed = Int(arguments[4]), let mode = BenchHandler.Mode(rawValue: arguments[5])
else {
    print("usage: websocket-bench HOST PORT STREAM N recv|utf8|filter|json 0|1")
    exit(2)
}
let environment = { (name: String) in unsafe getenv(name).map { unsafe String(cString: $0) } }
let repeats = Int(environment("REPEAT") ?? "") ?? 1
let scheme = arguments[6] == "1" ? "wss" : "ws"
let url = try WebURL("\(scheme)://\(arguments[1]):\(arguments[2])/\(arguments[3])?n=\(streamed)&repeat=\(repeats)")
var configuration = WebSocketConfiguration(
    url: url,
    tls: TLSContext(extraAuthorities: environment("CAFILE")),
    allowsLoopback: true
)
configuration.coalesce = .milliseconds(Int(environment("COALESCE") ?? "") ?? 0)
if arguments[3].hasPrefix("deflate") { configuration.deflate = DeflateOffer() }
let tally = BenchTally()
let handler = BenchHandler(
    mode: mode,
    goal: streamed * repeats,
    collection: try CollectionPattern(environment("COLLECTION") ?? "sh.tangled.repo.pull"),
    rate: environment("RATE").flatMap(Double.init),
    tally: tally
)
let connection = try WebSocketConnection(configuration, logger: Logger(label: "bench"))
_ = try await connection.run(handler)
print(tally.json(mode: mode))
