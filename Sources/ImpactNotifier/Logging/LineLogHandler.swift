internal import Logging

/// The swift-log handler of ``LogOutput``: one line for each log event.
struct LineLogHandler: LogHandler {
    private let component: String
    private let output: LogOutput
    private var ownLevel: Logger.Level?

    /// The metadata of every event of this logger.
    var metadata: Logger.Metadata = [:]
    /// Adds the metadata of the task that logs.
    var metadataProvider: Logger.MetadataProvider?

    /// A handler whose lines say `component=…`.
    init(component: String, output: LogOutput) {
        self.component = component
        self.output = output
    }

    /// The output's level, unless one was set on this logger.
    var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the event; its own metadata takes precedence over the logger's.
    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let error = event.error { all["error"] = .string(String(describing: error)) }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        output.write(event, component: component, metadata: all)
    }
}
