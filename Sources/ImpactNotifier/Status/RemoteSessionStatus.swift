internal import ATProtocol
internal import OAuth

/// The session status as reported by the running daemon, which knows things that are in no file.
struct RemoteSessionStatus {
    let state: SessionState
    /// The daemon's report, in the form of ``SessionText/json``.
    let json: JSONValue

    /// Why there is no report.
    struct UnavailableError: Error, CustomStringConvertible {
        let description: String
    }

    /// Asks the daemon's status endpoint.
    ///
    /// - Parameters:
    ///   - address: where the daemon listens; nil when it does not.
    ///   - account: the account whose session is meant.
    /// - Throws: ``UnavailableError`` when no daemon answers, or one for another account does.
    init(at address: StatusAddress?, account: DID) throws(UnavailableError) {
        guard let address else { throw UnavailableError(description: "not asked, since status.listen is off") }
        let answer: String
        do throws(StatusError) { answer = try StatusClient(address: address).get("/status") } catch {
            throw UnavailableError(description: error.description)
        }
        guard let session = try? JSONValue(parsing: answer)["session"], let told = session["account"]?.string,
            let state = Self.state(session)
        else { throw UnavailableError(description: "the answer of \(address) does not describe a session") }
        guard told == account.text else {
            throw UnavailableError(description: "the daemon on \(address) serves \(told)")
        }
        self.state = state
        json = session
    }

    private static func state(_ session: JSONValue) -> SessionState? {
        let reason = SessionProblem.Reason(rawValue: session["reason"]?.string ?? "")
        let problem = SessionProblem(reason, session["detail"]?.string ?? "")
        return session["state"]?.string.flatMap { SessionState(name: $0, problem: problem) }
    }

    /// One line.
    var text: String {
        var text = state.text
        if let moment = json["waits_until"]?.string { text += ", waits until \(moment)" }
        let last = json["last_trouble"]
        if state.problem == nil, let reason = last?["reason"]?.string, let moment = last?["at"]?.string {
            text += ", last trouble \(moment) (\(reason)): \(last?["detail"]?.string ?? "")"
        }
        return text
    }
}
