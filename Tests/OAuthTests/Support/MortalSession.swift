import ATProtocol
import Network

@testable import OAuth

/// A session in a process that may die under those who wait for it: then they wait no longer.
struct MortalSession: Sendable {
    private let session: StoredSession
    private let process: MortalProcess

    /// Starts a process on a machine, with what its requests are answered.
    init(
        on fixture: SessionFixture,
        dying death: (MortalClient.Death, atRequest: Int)? = nil,
        _ answer: @escaping @Sendable (HTTPRequest) throws(HTTPError) -> HTTPResponse
    ) async throws {
        process = MortalProcess(fixture.files)
        var environment = fixture.environment
        environment.client = MortalClient(process, death, answer)
        environment.sleeper = MortalSleeper(clock: fixture.clock, process: process)
        environment.files = MortalFiles(disk: fixture.files, process: process)
        session = try await StoredSession.open(fixture.configuration, environment)
    }

    func maintain() async { _ = await process.outcome { [session] in await session.maintain() } }

    func drain() async { _ = await process.outcome { [session] in await session.drain() } }

    func status() async -> SessionStatus { await session.status() }

    /// What it thinks of where its account is.
    var home: AccountHome { get async { await session.keeper.snapshot.machine.home } }

    func send(_ call: XRPCCall) async throws(SessionError) -> HTTPResponse {
        let result = await process.outcome { [session] in
            await Result { () async throws(SessionError) in try await session.send(call) }
        }
        guard let result else { throw SessionError(code: .refreshUnavailable, sentence: "The process died.") }
        return try result.get()
    }
}
