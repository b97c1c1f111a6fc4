internal import ATProtocol
internal import Network
internal import Notifier
internal import OAuth

/// One real message, sent at the operator's request, without policy or ledger.
struct TestMessage {
    let configuration: Configuration
    let services: NetworkServices

    private static let step = "test message"

    /// Sends it.
    ///
    /// - Parameter recipient: a handle or a DID.
    /// - Returns: the result.
    func send(to recipient: String) async -> DoctorFinding {
        do {
            let session = try await services.openSession(of: try await services.account())
            return await session.keepingTokens { await send(to: recipient, with: session) }
        } catch {
            return .failure(Self.step, "\(error)", "Repair the steps above first.")
        }
    }

    private func send(to recipient: String, with session: StoredSession) async -> DoctorFinding {
        let proxy = configuration.delivery.sending.proxy
        var phase = CallPhase.openConversation
        do {
            let recipient = try await did(of: recipient)
            let sender = session.account
            guard recipient != sender else {
                return .failure(
                    Self.step,
                    "\(recipient) is the sender itself",
                    "The chat service refuses a conversation with oneself: name another account, such as your own."
                )
            }
            let chat = ChatClient(session: session, proxy: proxy)
            let conversation = try await chat.conversation(with: recipient)
            phase = .sendMessage
            let service = configuration.delivery.message.service
            let text =
                "This is a test of \(service), sent by its operator. Nothing has happened, nothing is to be done."
            let message = try await chat.send(["text": .string(text)], to: conversation.id)
            return .ok(Self.step, "delivered to \(recipient) as \(message.id)")
        } catch let failure as CallError {
            let diagnosis = FailureAdvice(failure, in: phase, proxy: proxy)
            return .failure(Self.step, diagnosis.found, diagnosis.advice)
        } catch {
            return .failure(Self.step, "\(error)", "Give an existing handle or DID, and repair the steps above first.")
        }
    }

    private func did(of text: String) async throws -> DID {
        guard !text.hasPrefix("did:") else { return try DID(text) }
        return try await services.identities.did(of: try Handle(text.hasPrefix("@") ? String(text.dropFirst()) : text))
    }
}
