internal import ATProtocol
internal import CLinux
internal import Glibc
internal import Network
internal import OAuth

/// The outcome of the last reload, which the daemon leaves in the state directory for `reload` to read.
struct ReloadOutcome: Hashable {
    /// When the configuration was read, by the machine's monotonic clock, in nanoseconds.
    var readAt: Int64
    /// The path of the configuration that this daemon reads, without symbolic links.
    var configuration: String
    /// Why the old configuration stays in force; empty when the new one is.
    var problems: [String]

    /// The present time by the clock of ``readAt``, which is the same for all processes until the machine restarts.
    static var now: Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    private static func path(in directory: String) -> String { "\(directory)/reload.json" }

    /// Writes the outcome to a state directory.
    ///
    /// - Returns: whether it could be written; a full disk keeps the outcome from the command, but does not stop the
    ///   daemon.
    func write(in directory: String) -> Bool {
        let json: JSONValue = [
            "read_at": .integer(readAt), "configuration": .string(configuration),
            "problems": .array(problems.map { .string($0) }),
        ]
        let path = Self.path(in: directory)
        let next = path + ".tmp"
        let file = unsafe shim_open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return false }
        let descriptor = Descriptor(owning: file)
        // Without waiting for the disk: nobody misses it after a power cut, and the daemon's loop writes it.
        guard (try? Descriptor.write(json.encoded, to: descriptor.rawValue)) != nil else { return false }
        return unsafe rename(next, path) == 0
    }
}

extension ReloadOutcome {
    /// The outcome of the last reload in a state directory; nil when there was none.
    init?(in directory: String) {
        guard let bytes = try? POSIXFileSystem().read(Self.path(in: directory)),
            let json = try? JSONValue(parsing: bytes),
            let readAt = json["read_at"]?.integer, let configuration = json["configuration"]?.string,
            let problems = json["problems"]?.array
        else { return nil }
        self.init(readAt: readAt, configuration: configuration, problems: problems.compactMap(\.string))
    }
}
