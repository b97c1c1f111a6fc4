internal import ATProtocol
internal import ArgumentParser

/// A change request on the command line: the AT-URI of its record.
enum RequestArgument {
    /// Its help, and its name in errors.
    static let help = ArgumentHelp("The change request's AT-URI, as 'jobs list' shows it.", valueName: "at-uri")

    /// Parses it.
    @Sendable static func parse(_ text: String) throws -> ATURI {
        let remedy = "a request is named as at://DID/COLLECTION/KEY, as 'impact-notifier jobs list' shows it"
        let uri: ATURI
        do throws(SyntaxError) { uri = try ATURI(text) } catch {
            throw ValidationError("\(error.reason); \(remedy)")
        }
        guard uri.recordKey != nil else { throw ValidationError("it names no record; \(remedy)") }
        return uri
    }
}

extension ATURI {
    /// The same URI with the author's DID, as in the ledger; a handle that does not resolve ends the program.
    func withDID(by configuration: Configuration) async throws -> ATURI {
        guard did == nil, let collection, let recordKey else { return self }
        return ATURI(try await authority.did(by: configuration), collection, recordKey)
    }
}
