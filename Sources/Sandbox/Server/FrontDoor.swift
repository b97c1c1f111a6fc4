internal import Network

/// The one way in: whatever is asked of a server of the network, or by one of another, comes through here.
///
/// In this order: the fault that is due; the handler, unless the fault comes before it; what is said in place of the true
/// response; the journal. How that gets onto the wire is ``Delivery``'s.
struct FrontDoor: Sendable {
    /// Carries a request out, or throws what is to be answered instead.
    typealias Handler = @Sendable (IncomingRequest) throws(ResponseError) -> Reply

    let faults: FaultPlan
    let journal: Journal

    /// Lets a request in.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - handler: who is asked.
    /// - Returns: what is to be answered, no upgrade when a fault struck; and that fault.
    func admit(_ request: IncomingRequest, to handler: Handler) -> (reply: Reply, fault: Fault?) {
        let arrival = ContinuousClock.now
        let fault = faults.take(for: request)
        let isHandled = fault?.isHandled ?? true
        var reply = Reply.response(HTTPResponse(status: 500))
        if isHandled {
            do { reply = try handler(request) } catch { reply = .response(error.response) }
        }
        let response = faults.answer(reply.response, to: request, fault?.effect)
        journal.append(JournalEntry(request, at: arrival, status: isHandled ? response.status : nil, fault: fault))
        if case .upgrade = reply, fault == nil { return (reply, nil) }
        return (.response(response), fault)
    }
}
