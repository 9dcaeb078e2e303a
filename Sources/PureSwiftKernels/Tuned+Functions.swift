/// Elementary functions on eight lanes, without FMA and without a branch.
extension Tuned {
    private typealias Bits = SIMD8<Int32>

    private static func bits(_ x: Lanes) -> Bits { unsafeBitCast(x, to: Bits.self) }
    private static func float(_ x: Bits) -> Lanes { unsafeBitCast(x, to: Lanes.self) }

    // Adding and subtracting 1.5 · 2²³ rounds to an integer, which stands in the low bits.
    private static let magic: Float = 12_582_912

    /// eˣ = 2ⁿ eʳ, |r| ≤ ln(2)/2: a polynomial of degree 7, its coefficients Taylor's; the power
    /// of two in two steps, so that subnormal results come out.
    @inline(__always)
    static func exp(_ x: Lanes) -> Lanes {
        // Comparisons with NaN are false: it stays itself through both clamps.
        let upper = x.replacing(with: 89, where: x .> 89)
        let clamped = upper.replacing(with: -105, where: upper .< -105)
        let shifted = clamped * 1.442_695_04 + magic
        let n = shifted - magic
        // ln 2 in two parts: n · 0.693359375 is exact.
        let r = (clamped - n * 0.693_359_375) - n * -2.121_944_4e-4
        var p = Lanes(repeating: 1 / 5040)
        p = p * r + 1 / 720
        p = p * r + 1 / 120
        p = p * r + 1 / 24
        p = p * r + 1 / 6
        p = p * r + 0.5
        p = (p * r) * r + r
        p += 1
        let i = bits(shifted) &- Bits(repeating: Int32(bitPattern: magic.bitPattern))
        let half = i &>> 1
        let low = float((half &+ 127) &<< 23), high = float((i &- half &+ 127) &<< 23)
        return p * low * high
    }

    @inline(__always)
    static func sigmoid(_ x: Lanes) -> Lanes {
        let e = exp(x.replacing(with: -x, where: x .> 0))
        return Lanes(repeating: 1).replacing(with: e, where: x .< 0) / (1 + e)
    }

    /// Near 0 Taylor's series, elsewhere 1 − 2 / (e^2|x| + 1), with the sign of x.
    @inline(__always)
    static func tanh(_ x: Lanes) -> Lanes {
        let a = x.replacing(with: -x, where: x .< 0), z = x * x
        var p = Lanes(repeating: -1382.0 / 155_925)
        p = p * z + 62.0 / 2835
        p = p * z - 17.0 / 315
        p = p * z + 2.0 / 15
        p = p * z - 1.0 / 3
        let large = 1 - 2 / (exp(a + a) + 1)
        return large.replacing(with: -large, where: x .< 0)
            .replacing(with: x + x * (z * p), where: a .< 0.35)
    }

    /// ln(1 + x) for x ≥ 0, NaN below: 1 + x = 2ᵏ(1 + f), what the sum lost is added back, and
    /// ln(1 + f) = 2 artanh(f / (2 + f)).
    @inline(__always)
    static func log1p(_ x: Lanes) -> Lanes {
        let u = 1 + x
        let lost = (1 - (u - x)).replacing(with: x - (u - 1), where: x .< 1)
        let offset = Int32(bitPattern: Float(0.5).squareRoot().bitPattern)
        let b = bits(u) &- Bits(repeating: offset)
        let k = b &>> 23
        let m = float((b & 0x7f_ffff) &+ Bits(repeating: offset))
        let f = (m - 1) + lost / u * m
        let s = f / (2 + f), z = s * s
        var r = Lanes(repeating: 2 / 11)
        r = r * z + 2 / 9
        r = r * z + 2 / 7
        r = r * z + 2 / 5
        r = r * z + 2 / 3
        // 2s = f − s·f keeps the leading term exact
        let y = f - s * (f - r * z)
        let n = Lanes(k)
        let result = n * 0.693_359_375 + (y + n * -2.121_944_4e-4)
        let open = result.replacing(with: x, where: x .>= Float.infinity)
        return Lanes(repeating: .nan).replacing(with: open, where: x .>= 0)
    }
}
