@testable import Notifier

extension OperatorDesk {
    /// The latest jobs, those of one state or of one reason alone if wanted.
    func jobs(
        in state: JobState? = nil,
        for reason: Reason? = nil,
        limit: Int = 1000
    ) async throws -> [Job] {
        var filter = JobFilter()
        (filter.state, filter.reason) = (state, reason)
        return try await jobs(like: filter, limit: limit)
    }
}
