internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread `http`: one curl multi handle and the transfers that run on it.
@safe final class CurlLoop: Sendable {
    enum Command: Sendable {
        case start(CurlTransfer)
        case cancel(CurlTransfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopping = false
        /// Whether the handle has been freed.
        var isOver = false
    }

    private let inbox = Mutex(Inbox())
    // While it exists, a curl multi handle may be woken from any thread; all else happens on the loop's thread.
    private nonisolated(unsafe) let multi: OpaqueHandle

    typealias OpaqueHandle = UnsafeMutableRawPointer

    private static let isGlobalReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private init(multi: OpaqueHandle) { unsafe self.multi = unsafe multi }

    /// Makes a loop and starts its thread.
    static func start(connectionsPerHost: Int) -> CurlLoop {
        // libcurl returns no handle only when memory is exhausted, which is fatal on purpose.
        guard isGlobalReady, let multi = unsafe curl_multi_init() else { preconditionFailure("libcurl cannot start") }
        unsafe shim_curl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        let loop = unsafe CurlLoop(multi: multi)
        let status = PlainThread.start(name: "http") { loop.run() }
        precondition(status == 0, "no thread for HTTP: \(status)")
        return loop
    }

    func post(_ command: Command) {
        let isTaken = change { $0.commands.append(command) }
        if !isTaken, case .start(let transfer) = command { transfer.cancel() }
    }

    func stop() {
        _ = change { $0.isStopping = true }
    }

    // Wakes under the lock, so that the handle cannot be freed meanwhile; false when it has been.
    private func change(_ work: (inout Inbox) -> Void) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isOver else { return false }
            work(&inbox)
            unsafe curl_multi_wakeup(multi)
            return true
        }
    }

    /// The commands to carry out; nil when the loop is to end.
    private func takeCommands() -> [Command]? {
        inbox.withLock { inbox in
            guard !inbox.isStopping else { return nil }
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    private func run() {
        var running: [ObjectIdentifier: CurlTransfer] = [:]
        while let commands = takeCommands() {
            for command in commands { perform(command, &running) }
            var count: Int32 = 0
            unsafe curl_multi_perform(multi, &count)
            finishCompleted(&running)
            unsafe curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        for transfer in running.values { end(transfer) }
        let left = inbox.withLock { inbox in
            inbox.isOver = true
            return inbox.commands
        }
        for case .start(let transfer) in left { transfer.cancel() }
        unsafe curl_multi_cleanup(multi)
    }

    private func perform(_ command: Command, _ running: inout [ObjectIdentifier: CurlTransfer]) {
        switch command {
        case .start(let transfer):
            guard let handle = unsafe transfer.prepare() else { return }
            guard unsafe curl_multi_add_handle(multi, handle) == CURLM_OK else {
                return transfer.complete(CURLE_FAILED_INIT)
            }
            running[ObjectIdentifier(transfer)] = transfer
        case .cancel(let transfer):
            // A cancellation may overtake the start of its transfer, or come after its end.
            guard running.removeValue(forKey: ObjectIdentifier(transfer)) != nil else {
                return transfer.cancelBeforeStart()
            }
            end(transfer)
        }
    }

    private func end(_ transfer: CurlTransfer) {
        unsafe curl_multi_remove_handle(multi, transfer.handle)
        transfer.cancel()
    }

    private func finishCompleted(_ running: inout [ObjectIdentifier: CurlTransfer]) {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe message.pointee.data.result
            unsafe curl_multi_remove_handle(multi, handle)
            guard let transfer = running.values.first(where: { unsafe $0.handle == handle }) else { continue }
            running[ObjectIdentifier(transfer)] = nil
            transfer.complete(code)
        }
    }
}
