import ATProtocol
import Glibc
import Sandbox
import TestSupport
import Testing

@testable import OAuth

/// Numbers that this program never wrote are no reason to end.
@Suite struct `A file with numbers beyond all measure` {
    private func corrupt(_ text: String, _ fixture: SessionFixture) async throws {
        var members = fixture.record.json.object ?? [:]
        members["setbacks"] = try JSONValue(parsing: Array(text.utf8))
        fixture.files.put(JSONValue.object(members).encodedText, at: SessionFixture.file)
        fixture.client.script(SessionFixture.tokenPath, [.error(400, "invalid_grant", "Invalid refresh token")])
        let session = try await fixture.open()
        fixture.clock.advance(4000)
        await session.maintain()
        await session.drain()
        #expect(fixture.stored?.generation == 0)
    }

    @Test func `may tell of more refusals than can be counted`() async throws {
        try await corrupt(
            #"{"refresh":{"state":"degraded","last_error":{"reason":"refresh-refused","detail":"x"},"refusals":9223372036854775807,"at":0}}"#,
            try SessionFixture()
        )
    }

    @Test func `may tell of a refusal at a date that nobody can write`() async throws {
        try await corrupt(
            #"{"refresh":{"state":"degraded","last_error":{"reason":"refresh-refused","detail":"x"},"refusals":1,"at":9223372036854775807}}"#,
            try SessionFixture()
        )
    }

    @Test func `may tell of a doubt at a date that nobody can write`() async throws {
        try await corrupt(
            #"{"home":{"state":"degraded","last_error":{"reason":"migrated","detail":"x"},"refusals":1,"at":0,"confirmed":9223372036854775807},"refresh":{"state":"degraded","last_error":{"reason":"refresh-refused","detail":"x"},"refusals":1,"at":0}}"#,
            try SessionFixture()
        )
    }

    @Test func `may have been changed in the year 2300`() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("x", to: "a")
        var times = [timespec(tv_sec: 10_413_792_000, tv_nsec: 0), timespec(tv_sec: 10_413_792_000, tv_nsec: 0)]
        #expect(unsafe utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(try POSIXFileSystem().status(of: path)?.size == 1)
    }
}
