import ATProtocol
import Network
import TestSupport

@testable import Notifier

/// One thing that may happen next; requests, owners and authors by their numbers.
enum ModelStep: Sendable, Hashable {
    /// What becomes of a message that leaves.
    enum Sending: Sendable, Hashable, CaseIterable {
        case arrives, limited, serverError, lostBeforeStoring, lostAfterStoring, killedBeforeStoring, killedAfterStoring
    }
    /// What becomes of a call that stores nothing.
    enum Calling: Sendable, Hashable, CaseIterable {
        case answered, limited, serverError, unreachable, recipientNotFound, loginRequired
    }
    /// What a look-up finds.
    enum Finding: Sendable, Hashable, CaseIterable {
        case recipients, unreachable, accountInactive, didNotFound, nothing, givenUp
    }
    /// What becomes of a public post.
    enum Posting: Sendable, Hashable, CaseIterable {
        case arrives, limited, lostBeforeStoring, lostAfterStoring, impossible, killedBeforeStoring, killedAfterStoring
    }

    // The stream.
    case write(Int)
    case update(Int)
    case move(Int)
    case delete(Int)
    case authorGone(Int)
    case burst(Int)
    // The resolver reads what is due, and stores what it found of the first.
    case look
    case find(Finding)
    // The sender takes up what is due and opens the conversation; then it writes the message down and sends it, or stores why it
    // did not; it reads a conversation in doubt and, when the message is not there, sends it again.
    case open(Calling)
    case send(Sending)
    case verify(Sending)
    case verifyFails(Calling)
    case verifyEarly
    // The follow watcher, the mention poster.
    case ask
    case mention(Posting)
    // The owners.
    case follow(Int)
    case unfollow(Int)
    case block(Int)
    case silence(Int)
    case lock(Int)
    case unlock(Int)
    case stop(Int)
    // The operator.
    case retry(Int)
    case drop(Int)
    case suppress(Int)
    case lift(Int)
    case reload(ModelWorld.Settings)
    // What waits is looked at anew by other settings.
    case review
    // The process, the time.
    case restart, month

    /// Its name, with what it is about.
    var text: String {
        let parts = "\(self)".split(separator: "(", maxSplits: 1)
        guard parts.count == 2 else { return "\(self)" }
        return "\(parts[0])(\(parts[1].split { ". ".contains($0) }.last ?? "")"
    }

    /// The same without the numbers of requests, authors and owners.
    var kind: String {
        let name = text
        return name.last == ")" && name.dropLast().last?.isNumber == true ? String(name.prefix { $0 != "(" }) : name
    }

    /// Whether it can mean anything; what is left out here would change nothing.
    func isPossible(_ state: ModelState, _ view: ModelView) -> Bool {
        let isSending = state.sending != nil
        let isWaiting = view.jobs.contains { $0.state == .queued || $0.state == .deferred }
        switch self {
        case .look: return view.requests.contains { $0.state == .lookup }
        case .find: return !state.looking.isEmpty
        case .open: return !isSending && isWaiting
        case .send(let sending): return isSending && (sending == .arrives || state.sending?.failure == nil)
        case .verify(let sending):
            guard !isSending, let next = view.messages.first(where: { $0.state == .verify }) else { return false }
            // What is there is not sent again.
            let isThere = state.world.conversations[next.owner]?.contains { $0.reference == next.reference } == true
            return sending == .arrives || !isThere || view.messages.count { $0.state == .verify } > 1
        case .verifyFails, .verifyEarly: return !isSending && view.messages.contains { $0.state == .verify }
        case .ask: return view.jobs.contains { $0.state == .deferred }
        case .mention: return view.jobs.contains { $0.state == .posting || $0.state == .deferred }
        case .month: return isWaiting || view.requests.contains { $0.reason == .repositoryInactive }
        case .review: return view.owesReview(by: state.world.settings)
        case .reload(let settings): return !isSending && state.looking.isEmpty && settings != state.world.settings
        case .write(let request): return [nil, .deleted].contains(state.world.records[request])
        case .update(let request): return [.first, .moved].contains(state.world.records[request])
        case .move(let request): return [.first, .second].contains(state.world.records[request])
        case .delete(let request): return ![nil, .deleted].contains(state.world.records[request])
        default: return true
        }
    }
}

/// A state of the model: the world, the ledger's rows, and what the loops hold in memory.
struct ModelState: Sendable {
    /// What the sender holds between opening a conversation and writing its message down.
    struct Sending: Sendable {
        let candidate: SendCandidate
        let message: ComposedMessage
        let conversation: Conversation
        /// What came instead of the conversation.
        let failure: CallError?
    }
    /// What the resolver holds between reading a request and storing what it found.
    struct Looking: Sendable {
        let request: Job
        let recipients: [DID: Admission]
    }

    /// What tells states apart.
    struct Key: Hashable {
        let world: ModelWorld
        let memory: String
        let rows: String
    }

    var world = ModelWorld()
    var now: UnixTime = 1_790_000_000
    /// The last number of a revision of a repository.
    var serial = 0
    var rows: [String] = []
    var sending: Sending?
    var looking: [Looking] = []

    func key(_ rows: String) -> Key {
        var memory =
            sending.map {
                "\($0.message.text) \($0.conversation.lastMessage ?? "") \($0.failure.map { "\(classify(.openConversation, $0))" } ?? "")"
            } ?? ""
        for look in looking {
            memory += " \(look.request.request) \(look.recipients.map { "\($0.key) \($0.value)" }.sorted())"
        }
        return Key(world: world, memory: memory, rows: rows)
    }
}
