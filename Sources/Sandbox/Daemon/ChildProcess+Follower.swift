internal import CLinux
internal import Glibc
internal import Synchronization

extension ChildProcess {
    /// What is known of a process, kept by the thread that stays with it.
    final class Follower: Sendable {
        struct State {
            var lines: [String] = []
            var ending: Ending?
            var isDrained = false
            var lineListeners: [Int: AsyncStream<String>.Continuation] = [:]
            var endListeners: [CheckedContinuation<Ending, Never>] = []
            var number = 0
        }

        let state = Mutex(State())
        private let copy: Int32?

        /// A follower that also writes every line to a file, to be searched when all is over.
        init(copyingTo path: String?) {
            copy = path.map { unsafe shim_open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
        }

        deinit { if let copy { _ = close(copy) } }

        func read(_ descriptor: Int32) {
            var pending: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                pending += buffer.prefix(count)
                while let end = pending.firstIndex(of: 0x0A) {
                    append(String(decoding: pending[..<end], as: UTF8.self))
                    pending.removeSubrange(...end)
                }
            }
            if !pending.isEmpty { append(String(decoding: pending, as: UTF8.self)) }
            _ = close(descriptor)
        }

        /// Nothing more comes.
        func finish() {
            let listeners = state.withLock { state in
                state.isDrained = true
                return Array(state.lineListeners.values)
            }
            for listener in listeners { listener.finish() }
        }

        private func append(_ line: String) {
            if let copy {
                let bytes = Array("\(line)\n".utf8)
                _ = unsafe Glibc.write(copy, bytes, bytes.count)
            }
            let listeners = state.withLock { state in
                state.lines.append(line)
                return Array(state.lineListeners.values)
            }
            for listener in listeners { listener.yield(line) }
        }

        func reap(_ identifier: Int32) {
            var status: Int32 = 0
            while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            // wait(2): the low seven bits are the signal, the next byte the status.
            let ending: Ending = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
            let listeners = state.withLock { state in
                state.ending = ending
                defer { state.endListeners = [] }
                return state.endListeners
            }
            for listener in listeners { listener.resume(returning: ending) }
        }
    }
}
