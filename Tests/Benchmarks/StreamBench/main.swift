// CPU time of decoding and filtering in memory, for all three wires; run by ../streams.sh with the corpus unpacked.
//
//   stream-bench FILE.jsonl FRAMES.bin
//
// What following a stream takes at the pace of its host; run by ../pace.sh against a local replay.
//
//   stream-bench pace URL CERTIFICATE DID_DOCUMENTS.json off|matched SECONDS

import ATProtocol
import Firehose
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.count == 6, arguments[0] == "pace" {
    try await PaceBench(Array(arguments.dropFirst())).run()
} else if arguments.count == 2 {
    try StreamBench(lines: arguments[0], frames: arguments[1]).run()
} else {
    print("usage: stream-bench FILE.jsonl FRAMES.bin")
    print("       stream-bench pace URL CERTIFICATE DID_DOCUMENTS.json off|matched SECONDS")
    exit(2)
}
