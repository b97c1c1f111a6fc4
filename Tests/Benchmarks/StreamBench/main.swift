// CPU time of decoding and filtering in memory, for all three wires; run by ../streams.sh with the corpus unpacked.
//
//   stream-bench FILE.jsonl FRAMES.bin DID_DOCUMENTS.json
//
// What following a stream takes at the pace of its host; run by ../pace.sh against a local replay.
//
//   stream-bench pace URL CERTIFICATE DID_DOCUMENTS.json off|matched|all SECONDS

import ATProtocol
import Firehose
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.count == 6, arguments[0] == "pace" {
    try await PaceBench(Array(arguments.dropFirst())).run()
} else if arguments.count == 3 {
    try StreamBench(lines: arguments[0], frames: arguments[1], documents: arguments[2]).run()
} else {
    print("usage: stream-bench FILE.jsonl FRAMES.bin DID_DOCUMENTS.json")
    print("       stream-bench pace URL CERTIFICATE DID_DOCUMENTS.json off|matched|all SECONDS")
    exit(2)
}
