internal import ATProtocol

extension StreamEvent {
    /// A 64-bit hash of the event's content, the same on every host and wire; recognises an event that is sent again.
    ///
    /// It is FNV-1a. Forging one gains nothing, since the forged event would have to be sent at the right position.
    var digest: UInt64 {
        var hash = Hash()
        hash.add(did.text)
        switch body {
        case .commit(let commit):
            hash.add(commit.operation.rawValue)
            hash.add(commit.collection.text)
            hash.add(commit.recordKey.text)
            hash.add(commit.rev)
        case .identity(let handle):
            hash.add("identity")
            hash.add(handle?.normalized ?? "")
        case .account(let isActive, let status):
            hash.add(isActive ? "active" : "inactive")
            hash.add(status ?? "")
        case .sync(let rev):
            hash.add("sync")
            hash.add(rev)
        }
        return hash.value
    }

    /// The digest of an event at a time in a host's stream.
    ///
    /// Events about an account often repeat the same content, so the time distinguishes them.
    func digest(at time: Int64?) -> UInt64 {
        guard !isCommit, let time else { return digest }
        var hash = Hash(value: digest)
        hash.add("\(time)")
        return hash.value
    }

    private struct Hash {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func add(_ text: String) {
            for byte in text.utf8 { add(byte) }
            add(0)
        }

        private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
