/// Reproducible inputs: SplitMix64 (Steele, Lea and Flood, 2014).
package struct InputGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func uniform(_ range: ClosedRange<Float> = -1...1) -> Float {
        // In double and then rounded, so that small values use all bits of a float.
        let unit = Double(next() >> 11) * 0x1p-53
        let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
        return Float(low + (high - low) * unit)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in uniform(range) }
    }

    /// Values of the range, and here and there one of `specials`.
    mutating func floats(
        _ count: Int, _ range: ClosedRange<Float>, specials: [Float]
    ) -> [Float] {
        (0..<count).map { _ in
            below(8) == 0 && !specials.isEmpty ? specials[below(specials.count)] : uniform(range)
        }
    }

    static let specials: [Float] = [
        0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
        .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88.7, -87.4,
        -95, -103.9, -104.5, 17, -17, 0x1p-24, -0x1p-24,
    ]
}
