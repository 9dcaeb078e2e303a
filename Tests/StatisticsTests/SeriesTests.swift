import Foundation
import Statistics
import Testing

/// Autocorrelation and spectrum.
@Suite struct SeriesTests {
    @Test func autocorrelationAgreesWithNumPy() throws {
        for example in try Fixture.scipy.get().autocorrelations {
            let measured = try Autocorrelation(example.series, lags: example.lags)
            expect(measured.values, areNear: example.values)
        }
    }

    @Test func spectrumAgreesWithSciPy() throws {
        for example in try Fixture.scipy.get().spectra {
            let spectrum = try Spectrum(
                example.series, samplingRate: example.samplingRate,
                segmentLength: example.segmentLength)
            expect(spectrum.frequencies, areNear: example.frequencies)
            // Without its mean, a segment has next to nothing at 0 but what the window leaks.
            expect(spectrum.densities, areNear: example.densities)
        }
    }

    /// Of an autoregressive series x_t = w·x_{t−1} + noise: ρ_k = wᵏ, so τ = (1+w)/(1−w), and the
    /// exponential average's ratio is (1−α)/(1+α)·(1+αw)/(1−αw).
    @Test(arguments: [-0.5, 0, 0.3, 0.8], [0, 0.5, 0.874])
    func knownCorrelationsGiveKnownRatios(w: Double, weight: Double) throws {
        let exact = try Autocorrelation(
            covariances: (0..<400).map { 3 * pow(w, Double($0)) }, count: 1000)
        let ratio = (1 - weight) / (1 + weight) * (1 + weight * w) / (1 - weight * w)
        expect(exact.varianceRatio(weight: weight), isNear: ratio)
    }

    /// The measured variance of an exponential average of independent values: the golden pair's
    /// 0.0672. The standard error is √(2τ/n), with τ = (1+α²)/(1−α²) of the squares: 0.7 %, a quarter
    /// of the bound.
    @Test func independentValuesAreSmoothedAsDerived() throws {
        let weight = 0.8740320488976422
        var generator = SeededGenerator(7), average = 0.0
        var raw = Moments(), smooth = Moments()
        for step in 0..<300_000 {
            let value = generator.normal()
            average = weight * average + (1 - weight) * value
            if step >= 200 {
                raw.add(value)
                smooth.add(average)
            }
        }
        let ratio = smooth.variance / raw.variance
        #expect(abs(ratio / ((1 - weight) / (1 + weight)) - 1) < 0.03, "\(ratio)")
    }

    /// Parseval: the integral of a density is the variance, for white noise within a few per cent.
    @Test func spectrumIntegratesToTheVariance() throws {
        var generator = SeededGenerator(8)
        let series = (0..<8_192).map { _ in 2 * generator.normal() }
        let spectrum = try Spectrum(series, samplingRate: 10, segmentLength: 128)
        #expect(spectrum.segments == 127 && spectrum.frequencies.last == 5)
        let integral = spectrum.densities.reduce(0, +) * 10 / 128
        #expect(abs(integral / 4 - 1) < 0.08, "\(integral)")
    }

    @Test func whatSaysNothingIsRefused() {
        #expect(throws: StatisticsError.noVariance(value: 0)) {
            try Autocorrelation([3, 3, 3], lags: 1)
        }
        #expect(throws: StatisticsError.self) { try Autocorrelation([1, 2, 3], lags: 3) }
        #expect(throws: StatisticsError.self) { try Spectrum([1]) }
        #expect(throws: StatisticsError.self) { try Spectrum([1, 2], samplingRate: 0) }
        #expect(throws: StatisticsError.self) { try Spectrum([1, 2, 3], segmentLength: 1) }
    }
}
