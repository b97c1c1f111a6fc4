/// The exit statuses: those of BSD's `sysexits.h`, which systemd knows by name.
struct ExitStatus: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    /// The command did what it was asked.
    static let success = ExitStatus(rawValue: 0)
    /// A check failed: a test of `doctor`, or a demo with a missing message.
    static let failure = ExitStatus(rawValue: 1)
    /// The command line is wrong. (EX_USAGE)
    static let usage = ExitStatus(rawValue: 64)
    /// An input file has wrong content. (EX_DATAERR)
    static let dataError = ExitStatus(rawValue: 65)
    /// An input file does not exist. (EX_NOINPUT)
    static let noInput = ExitStatus(rawValue: 66)
    /// A necessary service refuses for good. (EX_UNAVAILABLE)
    static let unavailable = ExitStatus(rawValue: 69)
    /// Our own state is damaged, or this program has a defect. (EX_SOFTWARE)
    static let software = ExitStatus(rawValue: 70)
    /// The state directory cannot be written. (EX_CANTCREAT)
    static let cannotCreate = ExitStatus(rawValue: 73)
    /// Reading or writing a file failed. (EX_IOERR)
    static let inputOutput = ExitStatus(rawValue: 74)
    /// Another daemon uses the state; try again later. (EX_TEMPFAIL)
    static let temporaryFailure = ExitStatus(rawValue: 75)
    /// The session is revoked or missing, or a file is not ours; needs a human. (EX_NOPERM)
    static let noPermission = ExitStatus(rawValue: 77)
    /// The configuration is wrong. (EX_CONFIG)
    static let configuration = ExitStatus(rawValue: 78)
}
