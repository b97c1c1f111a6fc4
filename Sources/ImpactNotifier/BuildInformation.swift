/// What this binary is.
enum BuildInformation {
    /// The semantic version; CHANGELOG.md lists its changes.
    static let version = "0.1.0"
    /// Sent with every request, so that a server's operator can find us.
    static let userAgent = "impact-notifier/\(version) (+https://github.com/impact-notifier/impact-notifier)"
}
