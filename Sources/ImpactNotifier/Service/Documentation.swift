internal import Glibc

/// The pages to which messages refer, by their place on this machine.
enum Documentation: String, CaseIterable {
    /// Running the daemon, day by day.
    case operations
    /// From nothing to a session of two years.
    case oauth
    /// Who gets messages, when, and with what text.
    case delivery
    /// What counts as a change request, and whose project it is about.
    case rules

    /// The path of the page: under the program's own prefix if installed there, else where the package puts it.
    var path: String {
        let page = "share/doc/impact-notifier/docs/\(rawValue).md"
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let program = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        if let prefix = program.firstRange(of: "/bin/impact-notifier").map({ program[..<$0.lowerBound] }) {
            let own = "\(prefix)/\(page)"
            if unsafe access(own, R_OK) == 0 { return own }
        }
        return "/usr/\(page)"
    }
}
