internal import Glibc

/// What a command output sees of the daemon's environment: where programs are, language, time zone, and whose it is.
///
/// Nothing else is handed on: the daemon's own settings are not the program's business, and with systemd's variables
/// (`NOTIFY_SOCKET`, `CREDENTIALS_DIRECTORY`) it could speak in the daemon's name and find its secrets.
package enum CommandEnvironment {
    private static let names: Set = ["PATH", "LANG", "LANGUAGE", "TZ", "HOME", "USER"]

    /// Those of the variables, each as `NAME=value`, that a program is given.
    static func selection(of variables: [String]) -> [String] {
        variables.filter { variable in
            guard let end = variable.firstIndex(of: "=") else { return false }
            let name = variable[..<end]
            return names.contains(String(name)) || name.hasPrefix("LC_")
        }
    }

    /// The variables of this process, each as `NAME=value`.
    package static func current() -> [String] {
        var variables: [String] = []
        var next = unsafe environ
        while let variable = unsafe next.pointee {
            variables.append(unsafe String(cString: variable))
            unsafe next += 1
        }
        return variables
    }
}
