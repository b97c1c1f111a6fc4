internal import ATProtocol
internal import Network

extension WireDecoder {
    /// Decodes one whole Jetstream message of either version.
    mutating func decodeJetstream(_ bytes: RawSpan) -> WireContent {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            return rejected(bytes, nil, .malformed, error.description)
        }
        let fields: JetstreamFields
        do throws(JetstreamFields.FieldError) {
            fields = wire == .jetstream2 ? try JetstreamFields(version2: json) : try JetstreamFields(version1: json)
        } catch {
            // The account that the message claims to be from, for a rejected message.
            let account = try? DID((json["payload"] ?? json)["did"]?.string ?? "")
            return rejected(bytes, error.value, error.reason, error.detail, of: account)
        }
        if fields.witnessed == nil, !witness.isCertain, case .commit(let commit)? = fields.body {
            // The message's time may be imported, and the author chooses the revision's: take whichever is nearer to
            // now.
            let times = [json["payload"].flatMap(JetstreamFields.time), (try? TID(commit.rev))?.time.microseconds]
            times.compactMap(\.self).max().map { witness.suggest($0) }
        }
        return content(of: fields)
    }

    /// The content for the fields of a message; records the message's time.
    mutating func content(of fields: JetstreamFields) -> WireContent {
        if let moment = fields.witnessed { _ = witness.observe(moment, of: fields.did.hashValue) }
        var content = WireContent(value: place(fields.value), notice: fields.notice, time: fields.witnessed)
        if let value = fields.value, let did = fields.did, let body = fields.body, isWanted(body) {
            content.events = [event(value, did, body)]
        }
        return content
    }

    private func isWanted(_ body: StreamEvent.Body) -> Bool {
        guard case .commit(let commit) = body else { return true }
        return filter.wants(commit.collection.text)
    }
}
