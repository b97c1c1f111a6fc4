internal import FoundationEssentials

/// The environment of a command output: a few of the daemon's variables for paths, language, time zone and user.
///
/// Other variables are not passed on. The daemon's settings are not the program's business. And with systemd's
/// variables (`NOTIFY_SOCKET`, `CREDENTIALS_DIRECTORY`) the program could act in the daemon's name and find its
/// secrets.
package enum CommandEnvironment {
    private static let names: Set = ["PATH", "LANG", "LANGUAGE", "TZ", "HOME", "USER"]

    /// Selects the variables, each as `NAME=value`, for the program.
    static func selection(of variables: [String]) -> [String] {
        variables.filter { variable in
            guard let end = variable.firstIndex(of: "=") else { return false }
            let name = variable[..<end]
            return names.contains(String(name)) || name.hasPrefix("LC_")
        }
    }

    /// The variables of this process, each as `NAME=value`.
    package static func current() -> [String] {
        ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    }
}
