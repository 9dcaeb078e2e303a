extension CounterRandom {
    /// The numbers of one seed, purpose and epoch in sequence, as a `RandomNumberGenerator`: two
    /// 64-bit words from each index, ascending from 0.
    package struct Stream: RandomNumberGenerator, Sendable {
        private let random: CounterRandom
        private var index: UInt64 = 0
        private var second: UInt64?

        package init(_ random: CounterRandom) { self.random = random }

        package mutating func next() -> UInt64 {
            if let word = second {
                second = nil
                return word
            }
            let bits = random.bits(index)
            index += 1
            second = UInt64(bits.z) << 32 | UInt64(bits.w)
            return UInt64(bits.x) << 32 | UInt64(bits.y)
        }
    }
}
