/// Takes the place of libc's `setpriority` in this program: no thread's priority is ever changed.
///
/// libdispatch asks for a nicer thread than a plain user may have, and for each refusal writes a line to the system log,
/// every few seconds for as long as the process lives. Nothing here depends on such priorities. (It holds for the program
/// as it is released, with libdispatch inside.)
@c(setpriority) func keepPriority(_ kind: UInt32, _ identifier: UInt32, _ priority: Int32) -> Int32 { 0 }
