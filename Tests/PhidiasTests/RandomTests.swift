import Phidias
import Testing

@Suite struct CounterRandomTests {
    /// Known answers of Random123 1.14.
    struct Known {
        let counter: SIMD4<UInt32>
        let key: SIMD2<UInt32>
        let expected: SIMD4<UInt32>
    }

    static let known = [
        Known(
            counter: [0, 0, 0, 0], key: [0, 0],
            expected: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        Known(
            counter: SIMD4(repeating: UInt32.max), key: SIMD2(repeating: UInt32.max),
            expected: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        Known(
            counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            key: [0xa409_3822, 0x299f_31d0],
            expected: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ]

    @Test(arguments: known.indices) func philoxKnownAnswers(index: Int) {
        let answer = Self.known[index]
        #expect(CounterRandom.philox(counter: answer.counter, key: answer.key) == answer.expected)
    }

    @Test(arguments: [0, 1, 2, 10, 1000]) func permutationsHoldEveryNumberOnce(count: Int) {
        let order = CounterRandom(seed: 3, purpose: .shuffle, epoch: 2).permutation(count: count)
        #expect(order.sorted() == (0..<UInt32(count)).map { $0 })
    }

    @Test func permutationsDifferBySeedEpochAndPurpose() {
        let orders = [
            CounterRandom(seed: 1, purpose: .shuffle, epoch: 1),
            CounterRandom(seed: 2, purpose: .shuffle, epoch: 1),
            CounterRandom(seed: 1, purpose: .shuffle, epoch: 2),
            CounterRandom(seed: 1, purpose: .split, epoch: 1),
        ].map { $0.permutation(count: 100) }
        #expect(Set(orders).count == orders.count)
    }

    @Test func boundedNumbersAreUniform() {
        let random = CounterRandom(seed: 9, purpose: .user)
        var counts = [Int](repeating: 0, count: 7)
        for index in 0..<70_000 { counts[Int(random.below(7, index: UInt64(index)))] += 1 }
        // Standard deviation of a count is 92.6; five of them.
        #expect(counts.allSatisfy { abs($0 - 10_000) < 463 }, "\(counts)")
    }
}
