import RealModule

/// The power spectral density of a series, one-sided, by Welch's method: the mean periodogram of
/// overlapping segments.
///
/// The defaults are those of `scipy.signal.welch`: Hann window (periodic), half overlap, the mean
/// of each segment removed. Source: Welch, *IEEE Trans. Audio Electroacoust.* 15 (1967).
package struct Spectrum: Sendable, Hashable {
    /// The frequencies, from 0 to half the sampling rate, in the unit of the sampling rate.
    package let frequencies: [Double]
    /// The density in the squared unit of the series per unit of frequency: its integral is about
    /// the variance.
    package let densities: [Double]
    /// The number of segments that the mean was taken over.
    package let segments: Int

    /// - Parameters:
    ///   - series: at least two values.
    ///   - segmentLength: at least 2; a shorter series is one segment. Powers of two are fastest.
    package init(
        _ series: [Double], samplingRate: Double = 1, segmentLength: Int = 256
    ) throws(StatisticsError) {
        try check(series, needed: 2)
        guard samplingRate > 0 && samplingRate.isFinite else {
            throw .outOfRange(
                name: "the sampling rate", value: samplingRate, allowed: "positive and finite")
        }
        guard segmentLength >= 2 else {
            throw .outOfRange(
                name: "the segments' length", value: Double(segmentLength), allowed: "2 or more")
        }
        let length = Swift.min(segmentLength, series.count), overlap = length / 2
        let transform = FourierTransform(length: length)
        let window = (0..<length).map { 0.5 - 0.5 * transform.roots[$0].cosine }
        var sums = [Double](repeating: 0, count: length / 2 + 1), count = 0
        for start in stride(from: 0, through: series.count - length, by: length - overlap) {
            let segment = series[start..<start + length]
            let mean = segment.reduce(0, +) / Double(length)
            let bins = transform(zip(segment, window).map { ($0 - mean) * $1 })
            for bin in sums.indices {
                sums[bin] +=
                    bins[bin].real * bins[bin].real + bins[bin].imaginary * bins[bin].imaginary
            }
            count += 1
        }
        let scale = 1 / (samplingRate * window.reduce(0) { $0 + $1 * $1 } * Double(count))
        densities = sums.indices.map { bin in
            // Frequencies with a negative twin stand for both.
            sums[bin] * scale * (bin == 0 || 2 * bin == length ? 1 : 2)
        }
        frequencies = sums.indices.map { Double($0) * samplingRate / Double(length) }
        segments = count
    }
}

/// The discrete Fourier transform: halved as long as the length is even, the odd rest computed
/// directly.
private struct FourierTransform {
    typealias Number = (real: Double, imaginary: Double)

    let length: Int
    /// cos and sin of 2πk/length.
    let roots: [(cosine: Double, sine: Double)]

    init(length: Int) {
        self.length = length
        roots = (0..<length).map { index in
            let angle = 2 * Double.pi * Double(index) / Double(length)
            return (Double.cos(angle), Double.sin(angle))
        }
    }

    func callAsFunction(_ values: [Double]) -> [Number] { transform(values, 0, 1) }

    /// The transform of every `stride`-th value from `start` on.
    private func transform(_ values: [Double], _ start: Int, _ stride: Int) -> [Number] {
        let count = length / stride
        guard count.isMultiple(of: 2) else {
            return (0..<count).map { bin in
                (0..<count).reduce(into: (0, 0)) { sum, index in
                    let root = roots[bin * index % count * stride]
                    sum.real += values[start + index * stride] * root.cosine
                    sum.imaginary -= values[start + index * stride] * root.sine
                }
            }
        }
        let even = transform(values, start, 2 * stride)
        let odd = transform(values, start + stride, 2 * stride)
        var result = even + even
        for bin in odd.indices {
            let root = roots[bin * stride]
            let real = odd[bin].real * root.cosine + odd[bin].imaginary * root.sine
            let imaginary = odd[bin].imaginary * root.cosine - odd[bin].real * root.sine
            result[bin] = (even[bin].real + real, even[bin].imaginary + imaginary)
            result[bin + odd.count] = (even[bin].real - real, even[bin].imaginary - imaginary)
        }
        return result
    }
}
