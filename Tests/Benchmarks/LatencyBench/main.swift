// From a commit on the stream to the request that sends the message: the built daemon in the sandbox, on loopback, without
// configured holds, one change request after the other.
//
//   latency-bench DAEMON [REQUESTS]
//
// The time runs from when the stream was told of the record to when all of `sendMessage` had come to the sender's PDS. The
// chat service is asked in between, and the ledger waits for the disk five times.
// Ends with 1 when one in a hundred took longer than `coalesce` (10 ms) and 15 ms.

import ATProtocol
import Glibc
import Network
import Sandbox

let arguments = CommandLine.arguments
guard arguments.count >= 2, let requests = Int(arguments.count > 2 ? arguments[2] : "1000"), requests > 0 else {
    print("usage: latency-bench DAEMON [REQUESTS]")
    exit(2)
}
/// The first requests fill the daemon's caches, and are not counted.
let rehearsals = 20
/// The most that the 99th percentile may be, in milliseconds.
let bound = 25.0

OpenSSLLifetime.extendToTheEnd()
let network = try await SandboxNetwork.start(SandboxOptions())
let bot = try network.createAccount(handle: "notifier.test")
let owner = try network.createAccount(handle: "ada.test")
let author = try network.createAccount(handle: "grace.test")
let project = try network.createRecord(
    by: owner,
    collection: LocalDaemon.projectCollection,
    record: ["name": "Analytical Engine"],
    key: "engine"
)
let daemon = try LocalDaemon(binary: arguments[1], network: network, account: bot)
try await daemon.logIn()
let process = try daemon.run()
guard await process.line(within: .seconds(30), where: { $0.contains("stream open") }) != nil else {
    print("the daemon reads no stream:", process.output.suffix(5).joined(separator: "\n"))
    exit(1)
}
var milliseconds: [Double] = []
for number in 0..<(rehearsals + requests) {
    // Not in step with the reader's rests.
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...30)))
    let journal = network.journal.stream()
    try network.createRecord(
        by: author,
        collection: LocalDaemon.collection,
        record: ["title": .string("Change no. \(number)"), "subject": .string(project.text)]
    )
    let start = ContinuousClock.now
    let sent = await journal.first(within: .seconds(30)) { $0.request.xrpcMethod == "chat.bsky.convo.sendMessage" }
    guard let sent else {
        print("request \(number) became no message:", process.output.suffix(5).joined(separator: "\n"))
        exit(1)
    }
    if number >= rehearsals { milliseconds.append((sent.arrival - start) / .milliseconds(1)) }
}
process.signal(SIGTERM)
_ = await process.ended(within: .seconds(30))
network.stop()
milliseconds.sort()
let percentile = { (percent: Int) in (milliseconds[(milliseconds.count - 1) * percent / 100] * 10).rounded() / 10 }
print("\(requests) requests, milliseconds from the stream to the message on its way:")
print("p50 \(percentile(50)), p90 \(percentile(90)), p99 \(percentile(99)),", terminator: " ")
print("at most \(percentile(100)); required: p99 of at most \(bound)")
exit(percentile(99) <= bound ? 0 : 1)
