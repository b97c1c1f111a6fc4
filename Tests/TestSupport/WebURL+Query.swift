public import Network

extension WebURL {
    /// The values of a parameter of the query, in order.
    public func values(of name: String) -> [String] {
        PercentEncoding.parseForm(query ?? "").filter { $0.name == name }.map(\.value)
    }

    /// The first value of a parameter of the query; nil when there is none.
    public func value(of name: String) -> String? { values(of: name).first }
}
