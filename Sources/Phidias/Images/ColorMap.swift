extension FilterImage {
    /// Colours for numbers from -1 to 1, symmetric around zero.
    public enum ColorMap: String, Sendable, CaseIterable {
        /// Blue for negative, white for zero, red for positive numbers. Blue and red tell apart with
        /// every common colour blindness, and numbers of the same size are equally dark.
        case diverging
        /// Black for -1, a middle gray for zero, white for 1.
        case gray

        /// The colour of `value`, red, green and blue; numbers beyond ±1 get the colour of ±1.
        /// - Throws: `ImageError.noColor` for NaN.
        public func color(_ value: Float) throws(ImageError) -> SIMD3<UInt8> {
            guard !value.isNaN else { throw .noColor }
            return uncheckedColor(value)
        }

        /// The colour of what is not NaN.
        func uncheckedColor(_ value: Float) -> SIMD3<UInt8> {
            let value = min(max(value, -1), 1)
            switch self {
            case .diverging:
                return Self.interpolate(value < 0 ? Self.blues : Self.reds, at: abs(value))
            case .gray:
                return Self.interpolate([(0, 0, 0), (255, 255, 255)], at: (value + 1) / 2)
            }
        }

        /// Channels of the colours that make a difference.
        var channels: Int { self == .gray ? 1 : 3 }

        /// The gray of what is no weight: lines between filters, and empty places.
        var separator: UInt8 { self == .gray ? 0 : 96 }

        private typealias Point = (red: Float, green: Float, blue: Float)

        // At 0, 1/3, 2/3 and 1. Each blue has the luma of its red (0.299 R + 0.587 G + 0.114 B,
        // within half a level): 247, 194, 130, 46.
        private static let blues: [Point] = [
            (247, 247, 247), (160, 205, 230), (67, 147, 205), (8, 48, 132),
        ]
        private static let reds: [Point] = [
            (247, 247, 247), (245, 178, 147), (221, 99, 47), (128, 8, 24),
        ]

        /// Between equally spaced points, for a position from 0 to 1.
        private static func interpolate(_ points: [Point], at position: Float) -> SIMD3<UInt8> {
            let scaled = position * Float(points.count - 1)
            let index = min(Int(scaled), points.count - 2)
            let (low, high, part) = (points[index], points[index + 1], scaled - Float(index))
            func level(_ a: Float, _ b: Float) -> UInt8 { UInt8(a + (b - a) * part + 0.5) }
            return SIMD3<UInt8>(
                level(low.red, high.red), level(low.green, high.green),
                level(low.blue, high.blue))
        }
    }
}
