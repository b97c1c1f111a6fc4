import Network
import Sandbox

@testable import Notifier

/// Rows 18 to 28: what the chat service says about the owner and the message.
extension FailureRow {
    private static func open(_ action: Verdict.Action, _ reason: Reason) -> Sign {
        .attempt(.openConversation, action, reason)
    }

    private static func send(_ action: Verdict.Action, _ reason: Reason) -> Sign {
        .attempt(.sendMessage, action, reason)
    }

    private static let consent: [FailureRow] = [ChatService.ErrorStyle.named, .legacy].flatMap { style in
        [
            FailureRow(18, "no follow, \(style)", open(.defer, .ownerDoesNotFollow), .deferred) { stage in
                stage.network.chat.use(style)
                try stage.network.setAllowIncoming(.following, of: stage.owner)
            },
            FailureRow(19, "nobody may write, \(style)", open(.defer, .ownerDisabledMessages), .deferred) { stage in
                stage.network.chat.use(style)
                try stage.network.setAllowIncoming(.none, of: stage.owner)
            },
            FailureRow(20, "blocked by the owner, \(style)", open(.drop, .ownerBlocked), .dropped) { stage in
                stage.network.chat.use(style)
                stage.network.setBlocking(true, stage.owner, stage.bot)
            },
            FailureRow(20, "blocked by the sender, \(style)", open(.drop, .ownerBlocked), .dropped) { stage in
                stage.network.chat.use(style)
                stage.network.setBlocking(true, stage.bot, stage.owner)
            },
        ]
    }

    private static let disabled = "MessagesDisabled: recipient has disabled incoming messages"

    private static let accounts: [FailureRow] = [
        FailureRow(19, "the owner's chat is disabled", open(.defer, .ownerDisabledMessages), .deferred) { stage in
            stage.network.chat.setDisabled(true, stage.owner.did)
        },
        FailureRow(
            19,
            named(400, "InvalidRequest", disabled),
            on: "getConvoForMembers",
            open(.defer, .ownerDisabledMessages),
            .deferred
        ),
        FailureRow(
            20,
            named(400, "BlockedSubject", "block between recipient and sender"),
            send(.drop, .ownerBlocked),
            .dropped
        ),
        FailureRow(21, unknown, on: "getConvoForMembers", open(.retry, .recipientNotFound), .delivered),
        FailureRow(21, unknown, on: "getConvoForMembers", times: 2, open(.retry, .recipientNotFound), .dropped),
        FailureRow(22, "the owner is suspended", open(.drop, .recipientSuspended), .dropped) { stage in
            stage.network.chat.setSuspended(true, stage.owner.did)
        },
        FailureRow(22, "the sender is suspended", open(.pause, .senderChatDisabled), .paused) { stage in
            stage.network.chat.setSuspended(true, stage.bot.did)
            let status = answer(200, #"{"chatDisabled":true,"canCreateGroups":false,"groupMemberLimit":0}"#)
            stage.network.faults.add(.respond(status), on: "getStatus", count: 1000)
        },
        FailureRow(23, "the sender's chat is disabled", open(.pause, .senderChatDisabled), .paused) { stage in
            stage.network.chat.setDisabled(true, stage.bot.did)
        },
        FailureRow(
            23,
            named(400, "InvalidRequest", "Account does not exist"),
            on: "getConvoForMembers",
            open(.pause, .senderChatDisabled),
            .delivered
        ),
    ]

    private static let unknown = named(400, "RecipientNotFound", "recipient does not exist")
    private static let gone = named(400, "InvalidConvo", "Convo not found")
    private static let tooLong = "Input/message/text must not be longer than 10000 characters"

    private static let messages: [FailureRow] = [
        FailureRow(24, gone, send(.retry, .conversationNotFound), .delivered),
        FailureRow(24, gone, times: 2, send(.retry, .conversationNotFound), .dropped),
        FailureRow(25, named(400, "ConvoLocked", "convo is locked"), send(.drop, .conversationLocked), .dropped),
        FailureRow(
            26,
            named(400, "ReplyTargetNotFound", "reply target not found"),
            send(.retry, .replyTargetNotFound),
            .delivered
        ),
        FailureRow(27, named(400, "InvalidRequest", tooLong), send(.drop, .requestRefused), .dropped),
        FailureRow(27, "GET instead of POST", send(.drop, .requestRefused), .dropped) { stage in
            stage.client.change("sendMessage") { request in
                request.method = .get
                request.body = []
            }
        },
        FailureRow(
            28,
            named(413, "PayloadTooLarge", "request entity too large"),
            send(.drop, .messageTooLarge),
            .dropped
        ),
        FailureRow(
            17,
            answer(413, "<html><body>413 Request Entity Too Large</body></html>"),
            send(.verify, .outcomeUnknown),
            .delivered
        ),
    ]

    static let owner: [FailureRow] = consent + accounts + messages
}
