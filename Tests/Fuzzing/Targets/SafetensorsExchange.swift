import Phidias

/// Files in bulk, to be compared with what another program makes of them (tools/check-safetensors).
public enum SafetensorsExchange {
    /// A valid file, made at random from `seed`, and the digest of what is in it.
    public static func make(seed: UInt64) -> (bytes: [UInt8], digest: String) {
        var random = SplitMix64(state: seed &* 0x9e37_79b9_7f4a_7c15)
        let metadata = (0..<Int.random(in: 0...3, using: &random)).map {
            JSON.Member(
                key: "\(text(&random))\($0)", value: .string(text(&random)))
        }
        let tensors = (0..<Int.random(in: 0...5, using: &random)).map { index in
            let shape = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                Int.random(in: 0...5, using: &random)
            }
            // Any bits, so NaN with a payload and subnormal numbers too.
            let values = (0..<shape.reduce(1, *)).map { _ in
                Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random))
            }
            return NamedTensor(name: "\(text(&random))\(index)", shape: shape, values: values)
        }
        let file = Safetensors(metadata: metadata, tensors: tensors)
        return (file.bytes, digest(file))
    }

    /// The digest of what is in a file, or why it is refused.
    public static func read(_ bytes: [UInt8]) -> (isAccepted: Bool, text: String) {
        do {
            return (true, digest(try Safetensors(bytes: bytes, path: "file")))
        } catch {
            return (false, error.description)
        }
    }

    /// SHA-256 over metadata and tensors in the order of their names, each part ended by a zero.
    private static func digest(_ file: Safetensors) -> String {
        var bytes: [UInt8] = []
        func add(_ text: String) { bytes += Array(text.utf8) + [0] }
        func sorted<Item>(_ items: [Item], by name: (Item) -> String) -> [Item] {
            items.sorted { name($0).utf8.lexicographicallyPrecedes(name($1).utf8) }
        }
        for member in sorted(file.metadata, by: { $0.key }) {
            add(member.key)
            add(member.value.stringValue ?? "")
        }
        for tensor in sorted(file.tensors, by: { $0.name }) {
            add(tensor.name)
            add(tensor.shape.map { "\($0)" }.joined(separator: ","))
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
            }
        }
        return Checksum.sha256(bytes)
    }

    /// Up to five scalars of every length in UTF-8, with those that JSON escapes among them.
    private static func text(_ random: inout SplitMix64) -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0x00...0x1f, 0x20...0x7f, 0x20...0x7f, 0x80...0x7ff, 0xe000...0xffff,
            0x1_0000...0x10_ffff,
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
            text.unicodeScalars.append(
                Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "?")
        }
        return text
    }
}

/// Steele, Lea and Flood, 2014: files of a seed are the same everywhere.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}
