import Foundation
public import Sandbox

/// What a test looks at in a directory.
extension TemporaryDirectory {
    /// Changes the mode of a file.
    public func setMode(_ mode: Int, of name: String) {
        try? FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
    }

    /// The names of the files in it.
    public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    /// The text of a file; empty when there is none.
    public func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file(name)) ?? Data(), as: UTF8.self)
    }
}
