/// What this binary is.
enum BuildInformation {
    /// Semantic version; CHANGELOG.md says what is in it.
    static let version = "0.1.0"
    /// Sent with every request, so that a server's operator knows whom to ask.
    static let userAgent = "impact-notifier/\(version) (+https://github.com/impact-notifier/impact-notifier)"
}
