internal import Network

/// What a valid 101 agrees on (RFC 6455 §4.1, the client's checks 1 to 6).
struct NegotiatedUpgrade: Sendable, Equatable {
    /// The subprotocol, nil for none.
    let subprotocol: String?
    /// The parameters of permessage-deflate, nil for none.
    let deflate: DeflateParameters?

    /// Checks the head of a 101 against the request.
    ///
    /// - Throws: the first check that fails.
    init(
        _ head: ResponseHead,
        to configuration: WebSocketConfiguration,
        acceptKey: String
    ) throws(ResponseHead.InvalidError) {
        func require(_ holds: Bool, _ reason: String) throws(ResponseHead.InvalidError) {
            if !holds { throw ResponseHead.InvalidError(reason: reason) }
        }
        try require(
            head.elements(of: "Upgrade").map { $0.lowercased() } == ["websocket"],
            "the Upgrade field is not websocket"
        )
        try require(
            head.elements(of: "Connection").contains { $0.lowercased() == "upgrade" },
            "the Connection field does not hold upgrade"
        )
        try require(
            head.headers.values(of: "Sec-WebSocket-Accept") == [acceptKey],
            "Sec-WebSocket-Accept does not answer our key"
        )
        let subprotocols = head.headers.values(of: "Sec-WebSocket-Protocol")
        try require(subprotocols.count <= 1, "the server chose more than one subprotocol")
        subprotocol = subprotocols.first
        if let subprotocol {
            try require(configuration.subprotocols.contains(subprotocol), "the subprotocol was not offered")
        }
        let extensions = head.elements(of: "Sec-WebSocket-Extensions")
        guard let answer = extensions.first else {
            deflate = nil
            return
        }
        guard extensions.count == 1, let offer = configuration.deflate,
            let agreed = DeflateParameters(answer: answer, to: offer)
        else { throw ResponseHead.InvalidError(reason: "the extensions are not what was offered") }
        deflate = agreed
    }
}
