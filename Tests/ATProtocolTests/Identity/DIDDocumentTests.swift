import ATProtocol
import Crypto
import Network
import Testing

/// Documents as the specification allows them, and as directories and hosts really serve them.
@Suite struct `A DID document` {
    private static let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

    /// A document with these members.
    private func document(_ members: String) throws -> DIDDocument {
        let json = try JSONValue(parsing: Array(#"{"id":"\#(Self.did)",\#(members)}"#.utf8))
        return try DIDDocument(json, of: DID(Self.did))
    }

    private static func service(
        _ id: String = "#atproto_pds",
        _ endpoint: String = #""https://pds.test""#,
        type: String = #""AtprotoPersonalDataServer""#
    ) -> String {
        #"{"id":"\#(id)","type":\#(type),"serviceEndpoint":\#(endpoint)}"#
    }

    private static let foreign = [
        service("#bsky_chat", #""https://chat.test""#, type: #""BskyChatService""#),
        service("#hub", #"{"origins":["https://hub.test"]}"#, type: #"["Hub","Other"]"#),
        service("#list", #"["https://a.test",{"b":null}]"#, type: "7"), service("#none", "null"), "null", "7", #""x""#,
        "[]", "{}", #"{"id":7}"#, #"{"serviceEndpoint":"https://x.test"}"#,
    ]

    static let servers: [(name: String, services: String, pds: String?)] = [
        ("a relative id", service(), "https://pds.test/"),
        ("an absolute id", service("\(did)#atproto_pds"), "https://pds.test/"),
        ("another document's id", service("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa#atproto_pds"), nil),
        ("an id that only begins so", service("#atproto_pds2"), nil),
        ("an id without its #", service("atproto_pds"), nil),
        ("another type", service(type: #""BskyAppView""#), nil), ("no type", service(type: "null"), nil),
        (
            "among services of others", (foreign + [service()] + foreign).joined(separator: ","), "https://pds.test/"
        ),
        (
            "behind one of its name that is another thing",
            [service(type: #""Other""#), service("#atproto_pds", "{}"), service()].joined(separator: ","),
            "https://pds.test/"
        ),
        (
            "the first of several",
            [
                service("\(did)#atproto_pds", #""https://one.test""#), service("#atproto_pds", #""https://two.test""#),
            ].joined(separator: ","), "https://one.test/"
        ),
        ("a slash behind it", service("#atproto_pds", #""https://pds.test/""#), "https://pds.test/"),
        ("the port that it has anyway", service("#atproto_pds", #""https://pds.test:443""#), "https://pds.test/"),
        ("capitals", service("#atproto_pds", #""HTTPS://PDS.Test""#), "https://pds.test/"),
        ("no service", "", nil),
    ]

    @Test(arguments: servers) func `names the first service that is a PDS`(
        name: String,
        services: String,
        pds: String?
    ) throws {
        let document = try document(#""service":[\#(services)]"#)
        #expect((try? document.pds(allowsLoopback: false))?.description == pds, "\(name)")
    }

    @Test func `names other services, too, the first of each name`() throws {
        let services = Self.foreign + [Self.service("#bsky_chat", #""https://other.test""#)]
        #expect(
            try document(#""service":[\#(services.joined(separator: ","))]"#).services == [
                "bsky_chat": "https://chat.test"
            ]
        )
    }

    static let endpoints: [(endpoint: String, code: IdentityError.Code, words: String)] = [
        ("https://pds.test:8443", .refusedHost, "port 443"), ("http://pds.test", .refusedHost, "port 443"),
        ("http://localhost:2583", .refusedHost, "port 443"), ("wss://pds.test", .refusedHost, "port 443"),
        ("https://pds.test/xrpc", .refusedHost, "a path"), ("https://pds.test/?a=b", .refusedHost, "a path"),
        ("https://a:b@pds.test", .noPDS, "a user name"), ("https://pds.test/#a", .noPDS, "a fragment"),
        ("pds.test", .noPDS, "absolute"), ("", .noPDS, "absolute"), ("ftp://pds.test", .noPDS, "scheme"),
        ("https://pds.test:99999", .noPDS, "port"), ("https://①②⑦.⓪.⓪.①", .noPDS, "character"),
    ]

    @Test(arguments: endpoints) func `may name a PDS to which nobody goes, which is another thing than none`(
        endpoint: String,
        code: IdentityError.Code,
        words: String
    ) throws {
        let document = try document(#""service":[\#(Self.service("#atproto_pds", #""\#(endpoint)""#))]"#)
        let failure = #expect(throws: IdentityError.self) { try document.pds(allowsLoopback: false) }
        #expect(failure?.code == code && failure?.isTransient == false)
        #expect(failure?.detail.contains(words) == true)
    }

    private static let key = "zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF"
    private static let otherKey = "zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo"
    // The example of atproto.com/specs/did#legacy-representation, and one of the interop vectors.
    private static let oldKey =
        "zQYEBzXeuTM9UR3rfvNag6L3RNAs5pQZyYPsomTsgQhsxLdEgCrPTLgFna8yqCnxPpNT7DBk6Ym3dgPKNu86vt9GR"
    private static let oldOtherKey = "zxdM8dSstjrpZaRUwBmDvjGXweKuEMVN95A9oJBFjkWMh"

    private static func method(
        _ id: String = "#atproto",
        _ text: String = key,
        type: String = #""Multikey""#,
        controller: String = did
    ) -> String {
        #"{"id":"\#(id)","type":\#(type),"controller":"\#(controller)","publicKeyMultibase":"\#(text)"}"#
    }

    static let methods: [(name: String, methods: String, key: String?)] = [
        ("a relative id", method(), key), ("an absolute id", method("\(did)#atproto"), key),
        ("P-256", method("#atproto", otherKey), otherKey), ("no type", method(type: "null"), key),
        (
            "K-256 before Multikey", method("#atproto", oldKey, type: #""EcdsaSecp256k1VerificationKey2019""#), key
        ),
        (
            "P-256 before Multikey", method("#atproto", oldOtherKey, type: #""EcdsaSecp256r1VerificationKey2019""#),
            otherKey
        ),
        ("the wrong curve", method("#atproto", oldKey, type: #""EcdsaSecp256r1VerificationKey2019""#), nil),
        ("another kind of key", method(type: #""JsonWebKey2020""#), nil),
        ("another's key", method(controller: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"), nil),
        ("another document's id", method("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa#atproto"), nil),
        ("a label's key alone", method("#atproto_label"), nil), ("no key", method("#atproto", "zQ3sh"), nil),
        ("not base58", method("#atproto", "mAbc"), nil),
        (
            "the first that is one",
            [
                "null", "7", "{}", ##"{"id":"#atproto","publicKeyMultibase":{}}"##, method("#atproto_label", otherKey),
                method("#atproto", "zQ3sh"), method(), method("#atproto", otherKey),
            ].joined(separator: ","), key
        ),
    ]

    @Test(arguments: methods) func `holds the first key that is one`(name: String, methods: String, key: String?) throws
    {
        #expect(try document(#""verificationMethod":[\#(methods)]"#).signingKey == key, "\(name)")
    }

    @Test(
        arguments: [
            (#""at://alice.test""#, "alice.test"), (#""at://alice.test","at://bob.test""#, "alice.test"),
            (#""https://alice.test","mailto:a@alice.test","at://alice.test""#, "alice.test"),
            (
                #"7,null,{},[],"","at://","at:/alice.test","at://did:plc:x","at://bob.test/","at://alice.test""#,
                "alice.test"
            ),
            (#""at://Alice.Test""#, "Alice.Test"), (#""AT://alice.test""#, nil), ("", nil),
        ] as [(String, String?)]
    ) func `is called by the first handle that is one`(names: String, handle: String?) throws {
        #expect(try document(#""alsoKnownAs":[\#(names)]"#).handle?.text == handle)
    }

    @Test(arguments: ["null", "7", #""x""#, "{}", "true", "[[]]", "[null]", "1e999", "[]"])
    func `may hold whatever it likes besides`(value: String) throws {
        let names = ["@context", "service", "verificationMethod", "alsoKnownAs", "authentication", "controller", "x"]
        for name in names {
            guard let document = try? document(#""\#(name)":\#(value)"#) else {
                // Not every parser knows a number that large.
                #expect(value == "1e999")
                continue
            }
            #expect(document.services.isEmpty && document.pdsEndpoint == nil)
            #expect(document.handle == nil && document.signingKey == nil)
        }
    }

    @Test(arguments: ["null", "[]", "7", #""x""#, "{}", #"{"id":null}"#, #"{"id":"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"}"#])
    func `is none when it is no object, or does not say whose it is`(text: String) throws {
        let json = try JSONValue(parsing: Array(text.utf8))
        let failure = #expect(throws: IdentityError.self) { try DIDDocument(json, of: DID(Self.did)) }
        #expect(failure?.code == .invalidDocument)
    }
}
