internal import Backfill
internal import Firehose
internal import Network

extension StreamGap {
    fileprivate var bounds: String {
        "from \(UnixTime(microseconds: from)) to \(UnixTime(microseconds: until)) (\(reason.rawValue)) that may hold the request"
    }
}

extension OpenGap {
    /// What may still bring an unknown request.
    var sentence: String {
        let state =
            if let wait {
                "\(wait.unanswered); they are asked again at \(wait.nextAt), and the gap is given up without them after "
                    + "\(DurationText.format(wait.patience)) of asking"
            } else if sweptAt != nil {
                "all authors have answered once, and are asked once more, for relays may list new authors late"
            } else {
                "the authors are being asked"
            }
        return "The stream has an open gap \(gap.bounds): \(state)."
    }
}

extension GivenUpGap {
    /// Why an unknown request may never become known.
    var sentence: String {
        "The stream had a gap \(gap.bounds): it was given up at \(closedAt), when \(unanswered)."
    }
}
