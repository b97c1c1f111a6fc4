import Network
import TestSupport
import Testing

@Suite struct `A question that may never be answered` {
    @Test func `is given up when the asker is cancelled`() async {
        let gate = Gate()
        let asking = Task { await Unhurried.answer { await gate.pass() } }
        await gate.arrival()
        asking.cancel()
        #expect(await asking.value == nil)
        #expect(await Unhurried.answer(within: .milliseconds(1)) { await gate.pass() } == nil)
        gate.open()
        #expect(await Unhurried.answer { 7 } == 7)
    }
}
