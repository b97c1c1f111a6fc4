internal import Network

extension Duration {
    /// The approximate length, for people: `45 s`, `12 min`, `7 h`, `3 days`.
    var inWords: String {
        let seconds = max(0, wholeSeconds)
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}
