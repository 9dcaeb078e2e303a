import Foundation
import Testing

/// What SciPy and NumPy computed; written by tools/statistics-fixtures.
struct Fixture: Decodable {
    struct Point: Decodable { let df, t, cdf, sf, pdf: Double }
    struct Quantile: Decodable { let df, p, quantile: Double }
    struct Moments: Decodable {
        let sample: [Double]
        let mean, variance, confidence, low, high: Double
    }
    struct Sides: Decodable { let twoSided, less, greater: Double }
    struct Corrected: Decodable { let testToTrain, statistic, pValue, low, high: Double }
    struct Paired: Decodable {
        let first, second: [Double]
        let statistic, low, high: Double
        let pValues, permutation: Sides
        let corrected: Corrected
    }
    struct Holm: Decodable { let pValues, adjusted: [Double] }
    struct Ranking: Decodable { let values, ranks: [Double] }
    struct Bootstrap: Decodable {
        let sample, distribution, jackknife, percentile, bca: [Double]
        let estimate: Double
    }
    struct Autocorrelation: Decodable {
        let series, values: [Double]
        let lags: Int
    }
    struct Spectrum: Decodable {
        let series, frequencies, densities: [Double]
        let samplingRate: Double
        let segmentLength: Int
    }

    let tPoints: [Point]
    let tQuantiles: [Quantile]
    let moments: [Moments]
    let paired: [Paired]
    let holm: [Holm]
    let rankings: [Ranking]
    let bootstraps: [Bootstrap]
    let autocorrelations: [Autocorrelation]
    let spectra: [Spectrum]

    static let scipy = Result {
        let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/scipy.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: place))
    }
}

/// Expects a relative error of at most 1e-9, which NaN fails; where 0 is expected, 0.
func expect(
    _ value: Double, isNear expected: Double, _ what: String = "",
    at location: SourceLocation = #_sourceLocation
) {
    #expect(
        abs(value - expected) <= 1e-9 * abs(expected), "\(what): \(value), SciPy \(expected)",
        sourceLocation: location)
}

func expect(
    _ values: [Double], areNear expected: [Double], at location: SourceLocation = #_sourceLocation
) {
    #expect(values.count == expected.count, sourceLocation: location)
    for (index, pair) in zip(values, expected).enumerated() {
        expect(pair.0, isNear: pair.1, "value \(index)", at: location)
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, seeded, and good enough here.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// From a normal distribution, by Box and Muller.
    mutating func normal() -> Double {
        let radius = (-2 * log(Double.random(in: 1e-300..<1, using: &self))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
    }
}
