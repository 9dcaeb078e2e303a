/// A counter-based random generator, Philox4x32-10 (Salmon et al., *Parallel Random Numbers: As
/// Easy as 1, 2, 3*, SC 2011): a function from (seed, purpose, epoch, index) to bits, without
/// state, so that any batch, mask or image can be reproduced alone.
public struct CounterRandom: Sendable {
    /// The use of the numbers: different purposes get unrelated numbers from one seed.
    public enum Purpose: UInt32, Sendable {
        /// Initial weights.
        case initialization = 1
        /// The order of the images in an epoch.
        case shuffle
        /// Splits of the data.
        case split
        /// Synthetic digits for training.
        case synthesis
        /// Synthetic digits for tests.
        case synthesisTest
        /// Anything that a user of the library makes.
        case user
        /// Cross-validation folds.
        case folds
        /// Subsets of the data.
        case subset
        /// Dropout masks.
        case dropout
        /// Changes to training images.
        case augmentation
    }

    /// The generator's name, for files that depend on its numbers.
    static let name = "philox4x32-10"

    private let key: SIMD2<UInt32>
    private let purpose, epoch: UInt32

    /// A stream of numbers for one seed, purpose and epoch.
    public init(seed: UInt64, purpose: Purpose, epoch: UInt32 = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.purpose = purpose.rawValue
        self.epoch = epoch
    }

    /// The 128 random bits for an index.
    public func bits(_ index: UInt64) -> SIMD4<UInt32> {
        Self.philox(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), epoch,
                purpose), key: key)
    }

    /// A number uniform in [0, 1), a multiple of 2⁻⁵³.
    public func uniform(_ index: UInt64) -> Double {
        let b = bits(index)
        return Double((UInt64(b.x) << 32 | UInt64(b.y)) >> 11) * 0x1p-53
    }

    package static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        // Separate words: composing a vector in each round takes twice as long as the rest.
        var (x, y, z, w) = (counter.x, counter.y, counter.z, counter.w)
        var k = (key.x, key.y)
        for _ in 0..<10 {
            let a = UInt64(x) * 0xD251_1F53
            let b = UInt64(z) * 0xCD9E_8D57
            x = UInt32(truncatingIfNeeded: b >> 32) ^ y ^ k.0
            y = UInt32(truncatingIfNeeded: b)
            z = UInt32(truncatingIfNeeded: a >> 32) ^ w ^ k.1
            w = UInt32(truncatingIfNeeded: a)
            k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
        }
        return SIMD4(x, y, z, w)
    }

    /// A permutation of 0 ..< count, every one equally likely (Fisher–Yates). Step i draws from
    /// index i; draws that would bias it are repeated with a higher word.
    /// - Precondition: `count` is from 0 to `UInt32.max`.
    public func permutation(count: Int) -> [UInt32] {
        precondition(count >= 0 && count <= Int(UInt32.max), "permutation of \(count)")
        var order = (0..<UInt32(count)).map { $0 }
        var place = count - 1
        while place > 0 {
            let bound = UInt32(place + 1)
            order.swapAt(place, Int(below(bound, index: UInt64(place))))
            place -= 1
        }
        return order
    }

    /// A number uniform in 0 ..< bound, without bias (Lemire's multiplication with rejection).
    /// - Precondition: `bound` is above 0.
    public func below(_ bound: UInt32, index: UInt64) -> UInt32 {
        precondition(bound > 0, "no number is below 0")
        var attempt: UInt64 = 0
        while true {
            let words = bits(index | attempt << 40)
            for lane in 0..<4 {
                let product = UInt64(words[lane]) * UInt64(bound)
                let rest = UInt32(truncatingIfNeeded: product)
                // Rejected values are below the bound: most need no division.
                if rest >= bound || rest >= (0 &- bound) % bound {
                    return UInt32(product >> 32)
                }
            }
            attempt += 1
        }
    }
}
