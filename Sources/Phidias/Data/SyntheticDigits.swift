import Dispatch
import FoundationEssentials
import Glibc
import PhidiasKernels

/// Handwritten-looking digits, 28 × 28, drawn from stroke skeletons with random slant, thickness,
/// scale, rotation, position, bent strokes and noise. An image depends on (seed, part, index)
/// alone; only + − × ÷ √ and `PortableMath` are used, so its bytes are the same everywhere.
public enum SyntheticDigits {
    /// Height and width of an image in pixels.
    public static let side = 28
    /// The most images of one part: as many as an IDX file holds, rounded down.
    public static let mostImages = 1_000_000

    /// Training and test images that share no random number.
    public static func pair(training: Int = 20_000, test: Int = 4_000, seed: UInt64)
        throws(DataError)
        -> DataPair
    {
        try check(training, "training count")
        try check(test, "test count")
        let parts = (
            try dataset(count: training, seed: seed, purpose: .synthesis),
            try dataset(count: test, seed: seed, purpose: .synthesisTest)
        )
        return DataPair(
            training: parts.0, test: parts.1,
            checksums: [
                "synthetic-train": Checksum.sha256(parts.0.images),
                "synthetic-test": Checksum.sha256(parts.1.images),
            ])
    }

    /// `count` images, cycling through the classes.
    public static func dataset(
        count: Int, seed: UInt64, purpose: CounterRandom.Purpose = .synthesis
    ) throws(DataError) -> Dataset {
        try check(count, "image count")
        let pixels = side * side
        try checkMemory(count * (pixels + 1))
        let images = [UInt8](unsafeUninitializedCapacity: count * pixels) { buffer, filled in
            nonisolated(unsafe) let out = buffer
            let chunk = 256
            DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { part in
                for index in part * chunk..<min((part + 1) * chunk, count) {
                    var pen = Pen(seed: seed, purpose: purpose, index: index)
                    let image = pen.draw(digit: index % 10)
                    for pixel in 0..<pixels { out[index * pixels + pixel] = image[pixel] }
                }
            }
            filled = count * pixels
        }
        return try Dataset(
            images: images, labels: (0..<count).map { UInt8($0 % 10) }, rows: side, columns: side,
            classes: 10)
    }

    /// Checks that there is memory for the images and for the stacks of the threads that draw them.
    private static func checkMemory(_ images: Int) throws(DataError) {
        let stack = 8 << 20
        let bytes = images + Threads.available * stack
        if let reason = Memory.refusal(bytes) {
            throw .memory(path: "Synthetic digits", bytes: bytes, reason: reason)
        }
    }

    private static func check(_ count: Int, _ name: String) throws(DataError) {
        guard (1...mostImages).contains(count) else { throw .count(name: name, value: count) }
    }

    typealias Point = SIMD2<Double>

    /// Strokes of a digit in a box of width 1 and height 1.4, y downwards: each a polyline through
    /// points that a smooth curve (Catmull–Rom) connects. A variant is chosen at random.
    static let skeletons: [[[[Point]]]] = [
        [  // 0
            [
                [
                    [0.5, 0], [0.12, 0.25], [0.05, 0.75], [0.25, 1.3], [0.6, 1.38], [0.92, 0.95],
                    [0.9, 0.4], [0.55, 0.02],
                ]
            ],
            [
                [
                    [0.6, 0.05], [0.2, 0.2], [0.08, 0.8], [0.4, 1.38], [0.85, 1.1], [0.93, 0.5],
                    [0.55, 0], [0.35, 0.12],
                ]
            ],
        ],
        [  // 1
            [[[0.5, 0], [0.5, 0.7], [0.5, 1.4]]],
            [[[0.25, 0.3], [0.45, 0.12], [0.55, 0], [0.54, 0.7], [0.52, 1.4]]],
        ],
        [  // 2
            [
                [
                    [0.08, 0.35], [0.3, 0.05], [0.7, 0.05], [0.88, 0.4], [0.55, 0.85],
                    [0.08, 1.36],
                ], [[0.08, 1.36], [0.5, 1.34], [0.95, 1.36]],
            ],
            [
                [
                    [0.1, 0.25], [0.45, 0], [0.85, 0.25], [0.7, 0.75], [0.25, 1.25], [0.1, 1.2],
                    [0.3, 1.08], [0.6, 1.3], [0.95, 1.3],
                ]
            ],
        ],
        [  // 3
            [
                [[0.1, 0.15], [0.5, 0], [0.85, 0.25], [0.7, 0.55], [0.4, 0.64]],
                [[0.4, 0.64], [0.8, 0.75], [0.9, 1.1], [0.55, 1.4], [0.08, 1.25]],
            ],
            [
                [[0.12, 0.05], [0.5, 0.03], [0.85, 0.05], [0.45, 0.55]],
                [[0.45, 0.55], [0.85, 0.75], [0.85, 1.15], [0.5, 1.4], [0.1, 1.28]],
            ],
        ],
        [  // 4
            [
                [[0.55, 0], [0.3, 0.45], [0.05, 0.9]], [[0.05, 0.9], [0.5, 0.9], [0.98, 0.88]],
                [[0.7, 0.45], [0.68, 0.9], [0.68, 1.4]],
            ],
            [
                [[0.15, 0.05], [0.12, 0.4], [0.2, 0.72], [0.55, 0.78], [0.85, 0.7]],
                [[0.85, 0], [0.82, 0.7], [0.78, 1.4]],
            ],
        ],
        [  // 5
            [
                [[0.9, 0.03], [0.5, 0.04], [0.2, 0.06]],
                [[0.2, 0.06], [0.17, 0.3], [0.14, 0.58]],
                [
                    [0.14, 0.58], [0.5, 0.48], [0.88, 0.75], [0.8, 1.2], [0.45, 1.4], [0.08, 1.25],
                ],
            ]
        ],
        [  // 6
            [
                [
                    [0.75, 0.02], [0.35, 0.3], [0.1, 0.8], [0.2, 1.28], [0.55, 1.4], [0.88, 1.1],
                    [0.75, 0.75], [0.4, 0.72], [0.14, 1.0],
                ]
            ]
        ],
        [  // 7
            [
                [[0.06, 0.06], [0.5, 0.05], [0.93, 0.05]],
                [[0.93, 0.05], [0.6, 0.65], [0.38, 1.4]],
            ],
            [
                [[0.06, 0.06], [0.5, 0.05], [0.93, 0.05]],
                [[0.93, 0.05], [0.6, 0.65], [0.38, 1.4]],
                [[0.3, 0.72], [0.55, 0.7], [0.82, 0.68]],
            ],
        ],
        [  // 8
            [
                [
                    [0.55, 0.65], [0.18, 0.4], [0.3, 0.05], [0.7, 0.03], [0.85, 0.35], [0.5, 0.66],
                    [0.12, 0.95], [0.25, 1.35], [0.7, 1.38], [0.9, 1.02], [0.55, 0.65],
                ]
            ],
            [
                [
                    [0.85, 0.2], [0.5, 0], [0.18, 0.28], [0.5, 0.65], [0.88, 1.0], [0.6, 1.38],
                    [0.2, 1.28], [0.18, 0.98], [0.55, 0.62], [0.88, 0.22],
                ]
            ],
        ],
        [  // 9
            [
                [
                    [0.85, 0.35], [0.5, 0.02], [0.14, 0.3], [0.3, 0.66], [0.65, 0.62],
                    [0.86, 0.35],
                ], [[0.86, 0.35], [0.84, 0.85], [0.7, 1.4]],
            ],
            [
                [
                    [0.8, 0.2], [0.4, 0.05], [0.12, 0.4], [0.4, 0.7], [0.8, 0.45], [0.85, 0.25],
                    [0.85, 0.8], [0.62, 1.3], [0.2, 1.36],
                ]
            ],
        ],
    ]

    /// Draws one image; each random number is the next index of its own generator.
    struct Pen {
        private let random: CounterRandom
        private var index: UInt64

        init(seed: UInt64, purpose: CounterRandom.Purpose, index: Int) {
            random = CounterRandom(seed: seed, purpose: purpose)
            self.index = UInt64(index) << 12
        }

        private mutating func uniform(_ low: Double, _ high: Double) -> Double {
            index += 1
            return low + (high - low) * random.uniform(index)
        }

        /// The sum of four uniform numbers: nearly normal, mean 0, standard deviation `deviation`.
        private mutating func normal(_ deviation: Double) -> Double {
            index += 1
            let b = random.bits(index)
            let sum = Double(b.x) + Double(b.y) + Double(b.z) + Double(b.w)
            return (sum * 0x1p-32 - 2) * deviation * 1.7320508075688772
        }

        mutating func draw(digit: Int) -> [UInt8] {
            let variants = SyntheticDigits.skeletons[digit]
            let variant = variants[min(Int(uniform(0, Double(variants.count))), variants.count - 1)]
            let size = uniform(11.5, 16)
            let width = size * uniform(0.72, 1.12)
            let angle = min(max(normal(0.16), -0.45), 0.45)
            let slant = min(max(normal(0.22), -0.55), 0.55)
            let (sine, cosine) = (PortableMath.sin(angle), PortableMath.cos(angle))
            let center = Point(13.5 + normal(1.7), 13.5 + normal(1.4))
            let radius = uniform(0.75, 1.75)
            let ink = uniform(190, 255)

            var segments: [(Point, Point)] = []
            for stroke in variant {
                var points: [Point] = []
                for point in stroke {
                    let bent = point + Point(normal(0.05), normal(0.05))
                    let x = (bent.x - 0.5) * width
                    let y = (bent.y - 0.7) * size
                    let slanted = Point(x - slant * y, y)
                    points.append(
                        center
                            + Point(
                                cosine * slanted.x - sine * slanted.y,
                                sine * slanted.x + cosine * slanted.y))
                }
                Self.smooth(points, into: &segments)
            }
            return raster(segments, radius: radius, ink: ink)
        }

        /// A Catmull–Rom curve through the points, as short straight pieces.
        private static func smooth(_ points: [Point], into segments: inout [(Point, Point)]) {
            let pieces = 6
            for i in 0..<points.count - 1 {
                let (a, b) = (points[max(i - 1, 0)], points[i])
                let (c, d) = (points[i + 1], points[min(i + 2, points.count - 1)])
                var from = b
                for step in 1...pieces {
                    let t = Double(step) / Double(pieces)
                    let constant = 2 * b
                    let linear = (c - a) * t
                    // In steps of a declared type, which the compiler checks in no time.
                    let bend: Point = 2 * a - 5 * b
                    let twist: Point = 3 * b - a
                    let square: Point = (bend + 4 * c - d) * (t * t)
                    let cube: Point = (twist - 3 * c + d) * (t * t * t)
                    let sum: Point = constant + linear + square + cube
                    let to: Point = 0.5 * sum
                    segments.append((from, to))
                    from = to
                }
            }
        }

        /// Ink falls off linearly over one pixel at the edge of the stroke; then noise.
        private mutating func raster(
            _ segments: [(Point, Point)], radius: Double, ink: Double
        ) -> [UInt8] {
            let side = SyntheticDigits.side
            var nearest = [Double](repeating: 1e9, count: side * side)
            let reach = radius + 1
            for (a, b) in segments {
                let low = pointwiseMin(a, b) - reach
                let high = pointwiseMax(a, b) + reach
                let columns = Self.span(low.x, high.x)
                let along = b - a
                let length = (along * along).sum()
                for y in Self.span(low.y, high.y) {
                    for x in columns {
                        let p = Point(Double(x), Double(y)) - a
                        let t = length > 0 ? min(max((p * along).sum() / length, 0), 1) : 0
                        let off = p - t * along
                        let distance = (off * off).sum()
                        if distance < nearest[y * side + x] { nearest[y * side + x] = distance }
                    }
                }
            }
            return nearest.map { squared in
                let cover = min(max(radius + 0.5 - squared.squareRoot(), 0), 1)
                let value = ink * cover + normal(cover > 0 ? 14 : 7)
                return UInt8(min(max(value, 0), 255))
            }
        }

        private static func span(_ low: Double, _ high: Double) -> Range<Int> {
            let first = min(max(Int(low.rounded(.down)), 0), SyntheticDigits.side)
            let last = min(max(Int(high.rounded(.up)) + 1, first), SyntheticDigits.side)
            return first..<last
        }
    }
}
