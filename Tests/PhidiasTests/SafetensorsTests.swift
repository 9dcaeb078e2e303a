import Phidias
import Testing

@Suite struct SafetensorsTests {
    /// A file with a header and that many bytes of data: 0, 1, 2 …
    static func file(_ header: String, data: Int) -> [UInt8] {
        prefix(header.utf8.count) + Array(header.utf8)
            + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
    }

    static func prefix(_ length: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    }

    static func entry(
        _ name: String, _ begin: Int, _ end: Int, _ shape: String, type: String = "F32"
    ) -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }

    static let tensors = [
        NamedTensor(name: "b", shape: [2, 2], values: [1, -0.0, .leastNonzeroMagnitude, -2.5]),
        NamedTensor(name: "none", shape: [3, 0], values: []),
        NamedTensor(name: "a", shape: [], values: [.greatestFiniteMagnitude]),
        NamedTensor(name: "größe", shape: [1, 1, 3], values: [.infinity, 0.1, 3]),
    ]

    static let sample = Safetensors(
        metadata: [
            .init(key: "z", value: .string("1\n\"2\"")), .init(key: "a", value: .string("")),
        ], tensors: tensors)

    // MARK: - Good files

    @Test func contentsSurvive() throws {
        let read = try Safetensors(bytes: Self.sample.bytes, path: "f")
        #expect(read == Self.sample)
        #expect(
            read.tensors.flatMap { $0.values.map(\.bitPattern) }
                == Self.tensors.flatMap { $0.values.map(\.bitPattern) })
        let empty = Safetensors(metadata: [], tensors: [])
        #expect(try Safetensors(bytes: empty.bytes, path: "f") == empty)
    }

    @Test func theBytesAreTheFormats() {
        let file = Safetensors(
            metadata: [.init(key: "k", value: .string("v"))],
            tensors: [NamedTensor(name: "t", shape: [2], values: [1, -2])])
        let header =
            #"{"__metadata__":{"k":"v"},"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        #expect(header.utf8.count == 79)
        #expect(
            file.bytes == Self.prefix(80) + Array((header + " ").utf8)
                + [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    }

    @Test(arguments: 0..<9) func theDataIsAligned(length: Int) {
        let name = String(repeating: "n", count: length)
        let file = Safetensors(
            metadata: [], tensors: [NamedTensor(name: name, shape: [1], values: [1])])
        #expect((file.bytes.count - 4) % 8 == 0)
    }

    /// `save({"w": [[1.5, -2]], "a": 0.25, all float32}, metadata={"format": "np"})`, written by
    /// version 0.5 of the Python package.
    @Test func aFileOfThePythonPackageIsRead() throws {
        let header =
            #"{"__metadata__":{"format":"np"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
            + #""w":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}"#
        let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let bytes =
            Self.file(header + padding, data: 0)
            + [0, 0, 0x80, 0x3e, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]
        let read = try Safetensors(bytes: bytes, path: "f")
        #expect(read.metadata == [.init(key: "format", value: .string("np"))])
        #expect(
            read.tensors == [
                NamedTensor(name: "a", shape: [], values: [0.25]),
                NamedTensor(name: "w", shape: [1, 2], values: [1.5, -2]),
            ])
    }

    @Test func tensorsComeInTheOrderOfTheirBytes() throws {
        let header = "{\(Self.entry("a", 8, 12, "[1]")),\(Self.entry("b", 0, 8, "[2]"))}"
        let read = try Safetensors(bytes: Self.file(header, data: 12), path: "f")
        #expect(read.tensors.map(\.name) == ["b", "a"])
        #expect(read.tensors[1].values[0].bitPattern == 0x0b0a_0908)
    }

    // MARK: - Bad files

    struct Bad: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var error: SafetensorsError
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ error: SafetensorsError) {
            self.name = name
            self.bytes = bytes
            self.error = error
        }

        init(_ name: String, _ header: String, data: Int = 8, _ error: SafetensorsError) {
            self.init(name, file(header, data: data), error)
        }

        /// An entry "t" that is wrong by itself.
        init(_ name: String, entry: String, _ reason: String) {
            self.init(
                name, "{\"t\":\(entry)}", .entry(file: "f", tensor: "t", reason: reason))
        }
    }

    static let noShape = "has no shape, or one that is not a list of sizes"
    static let noOffsets = "has no data_offsets, or some that are not two byte positions"

    static let bad: [Bad] = [
        Bad("empty", [], .tooShort(file: "f", bytes: 0)),
        Bad("seven bytes", [2, 0, 0, 0, 0, 0, 0], .tooShort(file: "f", bytes: 7)),
        Bad(
            "header longer than the file", prefix(3) + Array("{}".utf8),
            .headerLength(file: "f", length: 3, available: 2, limit: 100_000_000)),
        Bad(
            "header of all bytes there are", [UInt8](repeating: 255, count: 40),
            .headerLength(file: "f", length: .max, available: 32, limit: 100_000_000)),
        Bad("no header", "", data: 0, .header(file: "f", byte: 8, reason: "'{' must be the first")),
        Bad("a list", "[]", data: 0, .header(file: "f", byte: 8, reason: "'{' must be the first")),
        Bad(
            "space first", " {}", data: 0,
            .header(file: "f", byte: 8, reason: "'{' must be the first")),
        Bad(
            "no JSON", "{]", data: 0,
            .header(file: "f", byte: 9, reason: "']' where a key in quotes was expected")),
        Bad(
            "text behind it", "{} {}", data: 0,
            .header(file: "f", byte: 11, reason: "'{' where the end of the text was expected")),
        Bad(
            "a name twice", "{\(entry("t", 0, 4, "[1]")),\(entry("t", 4, 8, "[1]"))}",
            .header(file: "f", byte: 62, reason: "the key \"t\" appears twice")),
        Bad("entry is no object", entry: "[]", "is not an object"),
        Bad("no dtype", entry: #"{"shape":[2],"data_offsets":[0,8]}"#, "has no dtype"),
        Bad(
            "unknown dtype", entry: #"{"dtype":"F33","shape":[2],"data_offsets":[0,8]}"#,
            "has the unknown dtype 'F33'"),
        Bad("no shape", entry: #"{"dtype":"F32","data_offsets":[0,8]}"#, noShape),
        Bad(
            "shape of text", entry: #"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#, noShape),
        Bad("broken size", entry: #"{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}"#, noShape),
        Bad("negative size", entry: #"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, noShape),
        Bad(
            "size beyond counting",
            entry: #"{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}"#, noShape),
        Bad("no offsets", entry: #"{"dtype":"F32","shape":[2]}"#, noOffsets),
        Bad("one offset", entry: #"{"dtype":"F32","shape":[2],"data_offsets":[8]}"#, noOffsets),
        Bad(
            "negative offset", entry: #"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#,
            noOffsets),
        Bad(
            "another member", entry: #"{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}"#,
            "has the unknown member 'x'"),
        Bad(
            "metadata is a text", #"{"__metadata__":"x"}"#, data: 0,
            .entry(file: "f", tensor: "__metadata__", reason: "is not an object")),
        Bad(
            "metadata of numbers", #"{"__metadata__":{"a":"1","b":1}}"#, data: 0,
            .entry(
                file: "f", tensor: "__metadata__", reason: "has a value that is no text: 'b'")),
        Bad(
            "cut off", "{\(entry("t", 0, 8, "[2]"))}", data: 7,
            .range(file: "f", tensor: "t", begin: 0, end: 8, dataBytes: 7)),
        Bad(
            "backwards", "{\(entry("t", 8, 0, "[2]"))}",
            .range(file: "f", tensor: "t", begin: 8, end: 0, dataBytes: 8)),
        Bad(
            "far away", "{\(entry("t", .max - 8, .max, "[2]"))}",
            .range(file: "f", tensor: "t", begin: .max - 8, end: .max, dataBytes: 8)),
        Bad(
            "too few bytes for the shape", "{\(entry("t", 0, 8, "[3]"))}",
            .shape(file: "f", tensor: "t", shape: [3], dataType: "F32", bytes: 8)),
        Bad(
            "too many bytes for the shape", "{\(entry("t", 0, 8, "[]"))}",
            .shape(file: "f", tensor: "t", shape: [], dataType: "F32", bytes: 8)),
        Bad(
            "shape that overflows", "{\(entry("t", 0, 8, "[4611686018427387904,4]"))}",
            .shape(
                file: "f", tensor: "t", shape: [1 << 62, 4], dataType: "F32", bytes: 8)),
        Bad(
            "bytes that overflow", "{\(entry("t", 0, 8, "[4611686018427387906]"))}",
            .shape(
                file: "f", tensor: "t", shape: [1 << 62 + 2], dataType: "F32", bytes: 8)),
        Bad(
            "overlap", "{\(entry("t", 0, 8, "[2]")),\(entry("u", 4, 12, "[2]"))}", data: 12,
            .overlap(file: "f", tensor: "u", previous: "t", begin: 4, end: 8)),
        Bad(
            "the same bytes twice", "{\(entry("t", 0, 8, "[2]")),\(entry("u", 0, 8, "[2]"))}",
            .overlap(file: "f", tensor: "u", previous: "t", begin: 0, end: 8)),
        Bad(
            "hole at the start", "{\(entry("t", 4, 8, "[1]"))}", .hole(file: "f", begin: 0, end: 4)),
        Bad(
            "hole between", "{\(entry("t", 0, 4, "[1]")),\(entry("u", 8, 12, "[1]"))}", data: 12,
            .hole(file: "f", begin: 4, end: 8)),
        Bad(
            "bytes behind", "{\(entry("t", 0, 8, "[2]"))}", data: 9,
            .hole(file: "f", begin: 8, end: 9)),
        Bad("bytes without tensors", "{}", data: 1, .hole(file: "f", begin: 0, end: 1)),
    ]

    @Test(arguments: bad) func isAnErrorThatSaysWhat(bad: Bad) {
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(bytes: bad.bytes, path: "f")
        }
        #expect(error == bad.error)
        #expect(error?.description.hasPrefix("f: ") == true)
        #expect(error?.exitCode == 65)
    }

    @Test(arguments: [
        ("F64", 1), ("F16", 4), ("BF16", 4), ("I64", 1), ("I32", 2), ("U8", 8), ("BOOL", 8),
        ("F8_E4M3", 8),
    ])
    func otherTypesAreNotWeights(type: String, count: Int) {
        let header = "{\(Self.entry("layers.0.weight", 0, 8, "[\(count)]", type: type))}"
        let error = #expect(throws: SafetensorsError.self) {
            try Safetensors(bytes: Self.file(header, data: 8), path: "f")
        }
        #expect(error == .dataType(file: "f", tensor: "layers.0.weight", found: type))
        #expect(error?.description.contains(type) == true)
        #expect(error?.description.contains("layers.0.weight") == true)
    }

    @Test func everyPartOfAFileIsAnError() {
        let bytes = Self.sample.bytes
        for count in bytes.indices {
            #expect(throws: SafetensorsError.self, "\(count) of \(bytes.count) bytes") {
                try Safetensors(bytes: Array(bytes.prefix(count)), path: "f")
            }
        }
    }

    @Test func noChangedBytesBringItDown() {
        let bytes = Self.sample.bytes
        for place in bytes.indices {
            for flip: UInt8 in [0x01, 0x10, 0x80, 0xff] {
                var changed = bytes
                changed[place] ^= flip
                guard let read = try? Safetensors(bytes: changed, path: "f") else { continue }
                #expect(read.tensors.reduce(0) { $0 + $1.values.count } == 8)
            }
        }
    }
}

@Suite struct ChecksumTests {
    /// FIPS 180-2, appendix B, and the checksum of nothing.
    static let known = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]

    @Test(arguments: known.indices) func knownAnswers(index: Int) {
        let (text, sum) = Self.known[index]
        #expect(Checksum.sha256(Array(text.utf8)) == sum)
    }

    @Test func manyBuffersAreOne() {
        var stream = Checksum.Stream()
        stream.update(Array("a".utf8))
        stream.update([] as [UInt8])
        #expect(stream.value == Checksum.sha256(Array("a".utf8)))
        stream.update(Array("bc".utf8))
        #expect(stream.value == Self.known[1].1)
    }

    @Test func floatsAreTheirBytes() {
        var stream = Checksum.Stream()
        stream.update([1, -2, .nan] as [Float])
        let tensor = NamedTensor(name: "t", shape: [3], values: [1, -2, .nan])
        let bytes = Safetensors(metadata: [], tensors: [tensor]).bytes.suffix(12)
        #expect(stream.value == Checksum.sha256(Array(bytes)))
        #expect(stream.value == Safetensors.sha256([tensor]))
    }
}
