import Notifier
import TestSupport
import Testing

@testable import ImpactNotifier
@testable import OAuth

@Suite struct `Why nothing can be sent` {
    @Test(arguments: [
        (PipelineStatus.Sender.open, nil),
        (.held(reason: .chatRateLimited, until: 99), nil),
        (
            .held(reason: .chatRateLimited, until: 160),
            """
            sending waits until 1970-01-01T00:02:40Z (chat-rate-limited): The chat service limits the sender; everything \
            waits, longer each time. Run 'impact-notifier jobs list'.
            """
        ),
        (
            .paused(reason: .senderChatDisabled, detail: "400 InvalidRequest", probeAt: 200),
            """
            sending is paused for the whole account (sender-chat-disabled): The sender may not chat: moderated, or no chat \
            account; look at it in the app. Run 'impact-notifier doctor'.
            """
        ),
        (
            .paused(reason: .scopeMissing, detail: "403", probeAt: 200),
            """
            sending is paused for the whole account (scope-missing): The session may not write direct messages (scope \
            transition:chat.bsky, or an app password with access to them); run 'impact-notifier login' again.
            """
        ),
    ])
    func `is the sender's reason with what to run, while it rests`(sender: PipelineStatus.Sender, text: String?) {
        #expect(SendingObstacle(session: nil, sender: sender, now: 100)?.description == text)
    }

    @Test func `is the session's before the sender's, which follows from it`() {
        let session = SendObstacle("the session needs a login (token-dead): gone", remedy: "impact-notifier login")
        let sender = PipelineStatus.Sender.paused(reason: .loginRequired, detail: "", probeAt: 200)
        let obstacle = SendingObstacle(session: session, sender: sender, now: 100)
        #expect(obstacle?.description == "the session needs a login (token-dead): gone; run 'impact-notifier login'")
        #expect(sender.waitsForSession)
        #expect(!PipelineStatus.Sender.held(reason: .chatRateLimited, until: 1).waitsForSession)
    }

    @Test func `is shadow mode before all, for it needs no session`() {
        let session = SendObstacle("the session needs a login (never-logged-in): none", remedy: "impact-notifier login")
        let obstacle = SendingObstacle(session: session, sender: .off, now: 100)
        #expect(
            obstacle?.description
                == "SHADOW MODE, sending.enabled is false; set it to true and run 'impact-notifier reload'"
        )
        #expect(!PipelineStatus.Sender.off.waitsForSession)
    }

    @Test func `is one line that steers no terminal and keeps its command, whatever a server says`() throws {
        let clause = "refused\n\u{1B}[31m\u{202E}" + String(repeating: "x", count: 1000)
        let session = SendObstacle(clause, remedy: "impact-notifier login")
        let text = try #require(SendingObstacle(session: session, sender: .open, now: 0)?.description)
        #expect(text.count < 500 && !text.contains(where: \.isNewline) && !text.contains("\u{1B}"))
        #expect(!text.unicodeScalars.contains("\u{202E}"))
        #expect(text.hasSuffix("…; run 'impact-notifier login'"))
    }
}
