import Phidias
import Testing

@Suite struct JSONTests {
    static let accepted: [(text: String, value: JSON)] = [
        ("null", .null), ("true", .bool(true)), (" false\r\n\t", .bool(false)),
        ("0", .integer(0)), ("-12", .integer(-12)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("-0.0", .number(-0.0)), ("1.5e3", .number(1500)), ("1E-2", .number(0.01)),
        ("1e+2", .number(100)), ("0.1", .number(0.1)), ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1e-400", .number(0)), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        (#""""#, .string("")), (#""é😀""#, .string("é😀")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
        (#""\u0041\u00e9\u20AC\u0000""#, .string("Aé€\0")),
        (#""\ud83d\ude00""#, .string("😀")), (#""\udbff\udfff""#, .string("\u{10ffff}")),
        ("\"\u{7f}\u{2028}\"", .string("\u{7f}\u{2028}")),
        ("[]", .array([])), ("[ ]", .array([])), ("{ }", .object([])),
        ("[1, [2] ,3 ]", .array([.integer(1), .array([.integer(2)]), .integer(3)])),
        (
            #" { "b" : 1 , "a" : { } , "" : [ ] } "#,
            .members(["b": .integer(1), "a": .object([]), "": .array([])])
        ),
    ]

    @Test(arguments: accepted.indices) func isRead(index: Int) throws {
        let (text, value) = Self.accepted[index]
        let read = try JSON(parsing: text.utf8)
        #expect(read == value)
        // -0.0 and 0 are equal, but not the same.
        #expect(read.doubleValue?.sign == value.doubleValue?.sign)
    }

    /// A text, and the byte at which it stops being JSON.
    static let rejected: [(text: String, byte: Int)] = [
        ("", 0), ("  ", 2), ("\u{feff}1", 0), ("nul", 0), ("nulL", 0), ("True", 0), ("NaN", 0),
        ("-Infinity", 1), ("'a'", 0), ("1 2", 2), ("{} x", 3), ("[1]]", 3), ("1\u{a0}", 1),
        ("01", 1), ("-", 1), ("-01", 2), ("+1", 0), (".5", 0), ("1.", 2), ("1.e1", 2), ("1e", 2),
        ("1e+", 3), ("0x10", 1), ("1_000", 1), ("1e999", 0), ("-1e999", 0), ("--1", 1),
        ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1;2]", 2),
        ("{", 1), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":1", 6), ("{\"a\":1,}", 7), ("{a:1}", 1),
        ("{1:1}", 1), ("{\"a\" 1}", 5), ("{\"a\":1 \"b\":2}", 7), ("{,}", 1), ("]", 0), ("}", 0),
        ("{\"a\":1,\"a\":2}", 7), ("{\"a\":1,\"\\u0061\":2}", 7), ("[{\"b\":{},\"b\":1}]", 9),
        ("\"", 0), ("\"abc", 0), ("\"\\\"", 0), ("\"\n\"", 1), ("\"a\u{0}\"", 2), ("\"\u{1f}\"", 1),
        ("\"\\x\"", 1), ("\"\\", 2), ("\"\\u12g4\"", 5), ("\"\\u+123\"", 3), ("\"\\u12", 5),
        ("\"\\ud800\"", 1), ("\"\\ude00\"", 1), ("\"\\ud800x\"", 1), ("\"\\ud800\\n\"", 1),
        ("\"\\ud800\\u0041\"", 1), ("\"a\\ud83d\\ud83d\"", 2), ("// 1\n1", 0), ("1 /* */", 2),
    ]

    @Test(arguments: rejected.indices) func isAnErrorAtTheByte(index: Int) {
        let (text, byte) = Self.rejected[index]
        let error = #expect(throws: JSONError.self, "\(text)") { try JSON(parsing: text.utf8) }
        #expect(error?.byte == byte, "\(text): \(error?.description ?? "")")
    }

    @Test(
        arguments: [
            [0x80], [0xff], [0xc0, 0x80], [0xc3], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
            [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0xe2, 0x82],
        ] as [[UInt8]])
    func brokenUTF8IsAnError(content: [UInt8]) {
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: [0x20, 0x22] + content + [0x22])
        }
        #expect(error?.byte == 1)
    }

    @Test func limitsHold() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        _ = try JSON(parsing: nested(64, "[", "]").utf8)
        _ = try JSON(parsing: nested(64, "{\"a\":", "}").utf8)
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: nested(65, "[", "]").utf8)
        }
        #expect(error?.byte == 64)
        #expect(throws: JSONError.self) {
            try JSON(parsing: String(repeating: "[", count: 1_000_000).utf8)
        }
        _ = try JSON(parsing: "[1,2,3]".utf8, limits: .init(bytes: 7, values: 4))
        #expect(throws: JSONError.self) {
            try JSON(parsing: "[1,2,3]".utf8, limits: .init(bytes: 6))
        }
        #expect(throws: JSONError.self) {
            try JSON(parsing: "[1,2,3]".utf8, limits: .init(values: 3))
        }
    }

    static let sample = JSON.members([
        "name": .string("φ \"quoted\"\n\u{1}"), "none": .null, "yes": .bool(true),
        "list": .array([.integer(1), .number(0.5), .number(1)]), "empty": .array([]),
        "object": .members(["inner": .object([])]), "mixed": .array([.string("a"), .integer(2)]),
    ])

    @Test func compactText() throws {
        #expect(
            Self.sample.text()
                == #"{"name":"φ \"quoted\"\n\u0001","none":null,"yes":true,"list":[1,0.5,1.0],"#
                + #""empty":[],"object":{"inner":{}},"mixed":["a",2]}"#)
        #expect(try JSON(parsing: Self.sample.text().utf8) == Self.sample)
    }

    @Test func prettyText() throws {
        #expect(
            Self.sample.text(pretty: true) == """
                {
                  "name": "φ \\"quoted\\"\\n\\u0001",
                  "none": null,
                  "yes": true,
                  "list": [1, 0.5, 1.0],
                  "empty": [],
                  "object": {
                    "inner": {}
                  },
                  "mixed": [
                    "a",
                    2
                  ]
                }
                """)
        #expect(try JSON(parsing: Self.sample.text(pretty: true).utf8) == Self.sample)
    }

    @Test func doublesSurvive() throws {
        let random = CounterRandom(seed: 9, purpose: .user)
        let special: [Double] = [
            0, -0.0, 1, 0.1, 1e21, 1e-7, 123_456_789.125, .pi, .ulpOfOne, .leastNonzeroMagnitude,
            .leastNormalMagnitude, .greatestFiniteMagnitude, 4_503_599_627_370_497.5,
        ]
        let patterns = (0..<2000).map { (index: Int) in
            let bits = random.bits(UInt64(index))
            return Double(bitPattern: UInt64(bits.x) << 32 | UInt64(bits.y))
        }
        for value in special + patterns where value.isFinite {
            let text = JSON.number(value).text()
            let read = try JSON(parsing: text.utf8).doubleValue
            #expect(read?.bitPattern == value.bitPattern, "\(text)")
        }
    }

    @Test func whatIsNoNumberBecomesNull() {
        let values = JSON.array([.number(.nan), .number(.infinity), .number(-.infinity)])
        #expect(values.text() == "[null,null,null]")
    }

    @Test func accessors() {
        #expect(Self.sample["yes"] == .bool(true))
        #expect(Self.sample["no"] == nil)
        #expect(JSON.integer(3)["a"] == nil)
        #expect(JSON.integer(3).doubleValue == 3)
        #expect(JSON.number(3).integerValue == nil)
        #expect(JSON.string("s").stringValue == "s")
        #expect(JSON.null.stringValue == nil)
        #expect(Self.sample.objectValue?.map(\.key).prefix(2) == ["name", "none"])
        #expect(Self.sample["mixed"]?.arrayValue?.count == 2)
    }
}
