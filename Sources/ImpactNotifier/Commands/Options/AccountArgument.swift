internal import ATProtocol
internal import ArgumentParser
internal import Logging

/// An account on the command line: a DID, or a handle to resolve.
struct AccountArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The account's DID, or its handle.", valueName: "did-or-handle"),
        transform: { try AccountArgument.parse($0) }
    )
    var account: ATURI.Authority

    /// Reads an account, with or without the `@` of a handle.
    static func parse(_ text: String) throws -> ATURI.Authority {
        guard !text.hasPrefix("did:") else { return .did(try DID(text)) }
        return .handle(try Handle(text.hasPrefix("@") ? String(text.dropFirst()) : text))
    }

    /// The account's DID; a handle that does not resolve ends the program with the reason.
    func did(by configuration: Configuration) async throws -> DID { try await account.did(by: configuration) }
}

extension ATURI.Authority {
    /// The account's DID; a handle that does not resolve ends the program with the reason.
    func did(by configuration: Configuration) async throws -> DID {
        switch self {
        case .did(let did): return did
        case .handle(let handle):
            do throws(IdentityError) {
                return try await NetworkServices(configuration, logger: Logger(label: "command")).identities.did(
                    of: handle
                )
            } catch {
                throw ExitStatus.unavailable.saying("\(error.description); its DID can be written instead")
            }
        }
    }
}
