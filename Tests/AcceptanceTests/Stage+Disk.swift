import Glibc
import Sandbox

/// A state directory on a small file system of its own; needs root for the mounts.
extension Stage {
    /// Puts a small file system where the state is kept; false, and a note, when that is not allowed here.
    func mountState(_ options: String) async -> Bool {
        unsafe mkdir(daemon.statePath, 0o700)
        let arguments = ["-t", "tmpfs", "-o", options, "tmpfs", daemon.statePath]
        guard getuid() == 0, let process = try? ChildProcess("/bin/mount", arguments),
            await process.ended(within: .seconds(10)) == .exited(0)
        else {
            print("skipped: mounting a tmpfs is not allowed here")
            return false
        }
        return true
    }

    /// Takes it away again.
    func unmountState() async {
        let process = try? ChildProcess("/bin/umount", ["-l", daemon.statePath])
        _ = await process?.ended(within: .seconds(10))
    }

    /// Makes files until the file system takes no new one, though open ones still grow; how to take them away again.
    func exhaustFiles() -> @Sendable () -> Void {
        var made: [String] = []
        while made.count < 10_000 {
            let path = daemon.statePath + "/filler-\(made.count)"
            let descriptor = unsafe open(path, O_CREAT | O_WRONLY, 0o600)
            guard descriptor >= 0 else { break }
            close(descriptor)
            made.append(path)
        }
        return { [made] in for path in made { _ = unsafe unlink(path) } }
    }
}
