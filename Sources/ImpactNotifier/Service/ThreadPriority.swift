/// Replaces libc's `setpriority` in this program: no thread's priority is ever changed.
///
/// libdispatch asks for priorities that a plain user may not have. It writes a line to the system log for each refusal,
/// every few seconds as long as the process lives. Nothing here depends on such priorities. (This works in the released
/// program, which contains libdispatch.)
@c(setpriority) func keepPriority(_ kind: UInt32, _ identifier: UInt32, _ priority: Int32) -> Int32 { 0 }
