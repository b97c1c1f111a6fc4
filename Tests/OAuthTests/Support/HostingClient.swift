import ATProtocol
import Network
import Synchronization

/// The client of a machine in whose internet one document is hosted; everything else goes to the sandbox.
final class HostingClient: HTTPClient {
    static let clientID = "https://client.example.org/notifier/metadata.json"

    private let rest: any HTTPClient
    private let hosted = Mutex<HTTPResponse>(HTTPResponse(status: 404))

    init(_ rest: any HTTPClient) { self.rest = rest }

    func host(_ response: HTTPResponse) { hosted.withLock { $0 = response } }

    func host(_ document: JSONValue) {
        host(HTTPResponse(status: 200, headers: ["Content-Type": "application/json"], body: document.encoded))
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        if request.url.description == Self.clientID { return hosted.withLock { $0 } }
        return try await rest.send(request)
    }
}
