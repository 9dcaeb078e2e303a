import FoundationEssentials
import Glibc

/// What an axis shows, with its unit, and how numbers become places.
package struct ChartAxis: Sendable {
    package enum Scale: Sendable, Equatable {
        /// From 0, or from the least value if that is negative.
        case linear
        /// From about the least to about the greatest value, where 0 is far off and means little.
        case fitted
        /// Ticks at powers of the base.
        case logarithmic(base: Double)
        /// Whole numbers from 1.
        case counting
    }

    package let label: String
    package let scale: Scale

    package init(_ label: String, _ scale: Scale = .linear) {
        (self.label, self.scale) = (label, scale)
    }

    /// Passes over the training images.
    package static let epoch = ChartAxis("epoch", .counting)

    /// Whether the axis can have a place for the value: numbers beyond 1e100, and of a logarithmic
    /// axis those below 1e-100, are none that anything measures.
    package func canShow(_ value: Double) -> Bool {
        abs(value) < 1e100 && (!scale.isLogarithmic || value > 1e-100)
    }

    /// A step that is 1, 2 or 5 times a power of ten, of which at most `most` fit into `range`.
    private static func step(_ range: Double, most: Int) -> Double {
        let rough = range / Double(most)
        let power = pow(10, log10(rough).rounded(.down))
        return ([1, 2, 5].map { $0 * power }.first { $0 >= rough * (1 - 1e-9) }) ?? 10 * power
    }

    /// The axis over these values, between two places on the page.
    package func fitted(to values: [Double], from start: Double, to end: Double) -> Fitted {
        let values = values.filter(canShow)
        let least = values.min() ?? 1, most = values.max() ?? 1
        switch scale {
        case .counting:
            let low = Swift.min(least.rounded(.down), 1)
            guard most > low else {
                let room = Swift.max(0.5, abs(low) / 10)
                return Fitted(
                    axis: self, ticks: [low], start: start, end: end, low - room, low + room)
            }
            let step = Swift.max(Self.step(most - low, most: 10), 1)
            // Of steps of 1 and 2, all from the first number: 1, 3, 5. Then round numbers: 1, 10, 20.
            let second = step <= 2 ? low + step : ((low / step).rounded(.down) + 1) * step
            let ticks = [low] + (0...10).map { second + Double($0) * step }.filter { $0 <= most }
            return Fitted(
                axis: self, ticks: ticks, start: start, end: end, low, Swift.max(most, low + 1))
        case .linear, .fitted:
            var low = scale == .linear ? Swift.min(0, least) : least
            var high = scale == .linear ? Swift.max(0, most) : most
            high = Swift.max(high, low + .leastNormalMagnitude)
            if scale == .fitted && most - least <= 1e-9 * abs(most) {
                // All the same: some room around it.
                let room = most == 0 ? 1 : abs(most) / 10
                (low, high) = (least - room, most + room)
            }
            let step = Self.step(Swift.max(high - low, 1e-300), most: 6)
            let first = (low / step).rounded(.down), last = (high / step).rounded(.up)
            // Numbers that differ by less than they can be told apart.
            guard abs(first) < 1e12, abs(last) < 1e12, step.isFinite else {
                return Fitted(
                    axis: self, ticks: [low], start: start, end: end, low,
                    Swift.max(high, low.nextUp))
            }
            let ticks = (Int(first)...Int(Swift.max(last, first + 1))).map { Double($0) * step }
            return Fitted(
                axis: self, ticks: ticks, start: start, end: end, ticks[0], ticks[ticks.count - 1])
        case .logarithmic(let base):
            func power(_ value: Double) -> Double { log(value) / log(base) }
            let first = Int((power(least) + 1e-9).rounded(.down))
            let last = Swift.max(Int((power(most) - 1e-9).rounded(.up)), first + 1)
            // Every power if there is room for its label, else every second or third…
            let every = (last - first) / 9 + 1
            let ticks = stride(from: first, through: last, by: every).map {
                pow(base, Double($0))
            }
            return Fitted(
                axis: self, ticks: ticks, start: start, end: end, ticks[0],
                pow(base, Double(last)))
        }
    }

    package struct Fitted {
        package let ticks: [Double]
        private let scale: Scale
        private let start, end, low, high: Double

        init(
            axis: ChartAxis, ticks: [Double], start: Double, end: Double, _ low: Double,
            _ high: Double
        ) {
            (self.ticks, scale, self.start, self.end) = (ticks, axis.scale, start, end)
            self.low = Self.linear(low, axis.scale)
            self.high = Self.linear(high, axis.scale)
        }

        private static func linear(_ value: Double, _ scale: Scale) -> Double {
            scale.isLogarithmic ? log(value) : value
        }

        /// Whether the value lies between the ends of the axis.
        package func shows(_ value: Double) -> Bool {
            guard value.isFinite, !scale.isLogarithmic || value > 0 else { return false }
            let place = (Self.linear(value, scale) - low) / (high - low)
            return place > -1e-9 && place < 1 + 1e-9
        }

        /// The ticks with their labels, as many of them as stand free of each other.
        /// - Parameter extent: of a label in the direction of the axis.
        func labels(along extent: (String) -> Double) -> [(tick: Double, text: String)] {
            let step = scale.isLogarithmic || ticks.count < 2 ? nil : ticks[1] - ticks[0]
            let texts = ticks.map { ChartAxis.label($0, step: step) }
            let every = ChartText.stride(
                places: ticks.map(position), extents: texts.map(extent), gap: 6)
            return stride(from: 0, to: ticks.count, by: every).map { (ticks[$0], texts[$0]) }
        }

        package func position(_ value: Double) -> Double {
            start + (Self.linear(value, scale) - low) / (high - low) * (end - start)
        }
    }

    /// At most four digits, 0.001, 25, 4096, or as many as tell ticks apart that are `step` apart;
    /// of what is very large or small, an exponent.
    static func label(_ value: Double, step: Double? = nil) -> String {
        let size = abs(value)
        // A tick that should be 0 may have lost that to rounding.
        if size <= 1e-9 * (step ?? 0) { return "0" }
        if size >= 1e5 || size < 1e-3 { return String(printing: "%.3g", value) }
        if let step, step >= 1e-6, step < 1 {
            let decimals = Int((-log10(step) - 1e-9).rounded(.up))
            return String(printing: "%.\(decimals)f", value)
        }
        return String(printing: size >= 1000 ? "%.0f" : "%.4g", value)
    }
}

extension ChartAxis.Scale {
    var isLogarithmic: Bool {
        if case .logarithmic = self { true } else { false }
    }
}
