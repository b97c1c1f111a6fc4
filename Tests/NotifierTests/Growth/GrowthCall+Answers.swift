import ATProtocol
import Network

@testable import Notifier

// What owners write to the sender, what they want, and what they are answered.
extension GrowthCall {
    private static let owner = GrownLedger.did("owner", 5)
    private static let busyProject = "at://\(GrownLedger.busyOwner)/com.example.project/p1"

    static let answers: [GrowthCall] = [
        GrowthCall(name: "next answer") { _ = try await $0.queue.nextAnswer(now: $0.now) },
        GrowthCall(
            name: "an answer begun",
            prepare: { grown in
                try await sql("UPDATE message SET state = 'delivered' WHERE owner = '\(owner)'")(grown)
                try await sql(
                    """
                    INSERT INTO message (owner, author, kind, state, marker, message, conversation, baseline, sends,
                        maximum_sends, due_at, created_at, sent_at)
                        VALUES ('\(owner)', '\(owner)', 'status', 'queued', 'ref-x', '{}', 'c', '2', 0, 2, :now, :now, 0)
                    """
                )(grown)
            }
        ) { grown in
            guard let answer = try await grown.queue.nextAnswer(now: grown.now) else { return }
            _ = try await grown.queue.open(answer.id, behind: nil, now: grown.now)
        },
        GrowthCall(name: "a busy recipient asks what waits", prepare: sql("DELETE FROM heard")) { grown in
            try await hear(.status, grown)
        },
        GrowthCall(
            name: "a busy recipient mutes a project",
            prepare: { grown in
                try await sql("DELETE FROM heard")(grown)
                try await sql(
                    """
                    INSERT OR REPLACE INTO project (owner, uri, seen_at)
                        VALUES ('\(GrownLedger.busyOwner)', '\(busyProject)', :now)
                    """
                )(grown)
                try await sql(
                    """
                    UPDATE job SET project = '\(busyProject)' WHERE id IN (SELECT id FROM job
                        WHERE owner = '\(GrownLedger.busyOwner)' AND state = 'queued' LIMIT 500)
                    """
                )(grown)
            }
        ) { grown in
            try await hear(.mute([OwnerCommand.Muting(project: "p1", days: nil)]), grown)
        },
        GrowthCall(name: "a busy recipient unmutes a project", prepare: sql("DELETE FROM heard")) { grown in
            try await hear(.unmute([nil]), grown)
        },
        GrowthCall(name: "a busy recipient wants a digest", prepare: sql("DELETE FROM heard")) { grown in
            try await hear(.digest(.daily), grown)
        },
        GrowthCall(name: "what is muted, and who agreed to mentions") { grown in
            let project = ProjectReference.account(GrownLedger.busyOwner)
            _ = try await grown.ledger.recipients.isMuted(project, for: GrownLedger.busyOwner, now: grown.now)
            _ = try await grown.queue.mentioned(of: [GrownLedger.mentioned])
        },
    ]

    private static func hear(_ command: OwnerCommand, _ grown: GrownLedger) async throws {
        let said = OwnerMessage(id: "m", rev: "r", owner: GrownLedger.busyOwner, conversation: "c", command: command)
        _ = try await grown.queue.hear(said, maximumSends: 2, now: grown.now) { _ in nil }
    }
}
