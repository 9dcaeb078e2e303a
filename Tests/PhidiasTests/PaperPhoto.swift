import Foundation
import Phidias

/// Numbers for a picture, from a seed.
struct Dice {
    private var stream: CounterRandom.Stream

    init(seed: UInt64, epoch: UInt32 = 0) {
        stream = .init(CounterRandom(seed: seed, purpose: .user, epoch: epoch))
    }

    mutating func unit() -> Double { Double(stream.next() >> 11) * 0x1p-53 }
    mutating func within(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }
    mutating func chance(_ share: Double) -> Bool { unit() < share }
    mutating func below(_ count: Int) -> Int { Int(stream.next() % UInt64(count)) }
    /// Mean 0, deviation 1, nearly normal.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + unit() } }
}

/// A photo, made of a digit of MNIST: pencil or pen on paper of some texture, light from a side,
/// vignette, shadows with an edge, ruled lines, blur, noise, and blocks as JPEG leaves them.
struct PaperPhoto {
    /// What photos are like: ranges in levels of gray or shares of the picture's shorter side.
    struct Conditions: Sendable {
        var sizes = [(600, 800), (480, 640), (300, 400), (1000, 750)]
        /// The side of the digit's 28 pixels.
        var share = 0.3...0.95
        var paper = 140.0...245.0
        var ink = 40.0...200.0
        /// How sharp strokes end: 1 leaves the blur of scaling.
        var sharpness = 1.0...6.0
        var rotation = 8.0
        var gradient = 0.5
        var vignette = 0.4
        var shadowChance = 0.5
        var shadowLight = 0.5...0.85
        var penumbra = 0.004...0.06
        var linesChance = 0.25
        var lineInk = 8.0...30.0
        var areSquared = false
        var noise = 0.0...8.0
        var texture = 0.0...5.0
        var blur = 0...2
        var grain = 0.3
        var jpegChance = 0.4
        var specksChance = 0.0
        /// Chalk on a board instead.
        var isBoard = false

        static let usual = Conditions()
        /// Other sizes and ranges than those that the fitting was tried on while it was made.
        static let heldOut = {
            var other = Conditions()
            other.sizes = [(800, 800), (720, 1280), (1024, 768), (500, 350), (256, 256)]
            other.share = 0.25...0.9
            other.paper = 120...250
            other.sharpness = 1.5...9
            other.rotation = 10
            other.gradient = 0.6
            other.vignette = 0.5
            other.shadowLight = 0.45...0.9
            other.penumbra = 0.002...0.12
            other.lineInk = 5...35
            other.areSquared = true
            other.noise = 0...10
            other.texture = 0...7
            other.blur = 0...3
            other.specksChance = 0.2
            return other
        }()
        static let large = {
            var other = Conditions()
            other.sizes = [(3000, 2000), (2000, 3000)]
            other.share = 0.08...0.6
            return other
        }()
        static let board = {
            var other = Conditions()
            other.paper = 180...240
            other.ink = 60...160
            other.isBoard = true
            return other
        }()
    }

    private let digit: [UInt8]
    private let conditions: Conditions
    private var dice: Dice
    private let width, height: Int
    private let short: Double

    /// - Parameter digit: 28 × 28, ink bright.
    static func image(of digit: [UInt8], _ conditions: Conditions, seed: UInt64) -> Image {
        var photo = PaperPhoto(digit, conditions, seed)
        return photo.taken()
    }

    private init(_ digit: [UInt8], _ conditions: Conditions, _ seed: UInt64) {
        (self.digit, self.conditions) = (digit, conditions)
        dice = Dice(seed: seed)
        (width, height) = conditions.sizes[dice.below(conditions.sizes.count)]
        short = Double(min(width, height))
    }

    private mutating func taken() -> Image {
        let paper = dice.within(conditions.paper)
        let depth = min(dice.within(conditions.ink), paper - 5)
        let sign = conditions.isBoard ? 1.0 : -1
        let ground = conditions.isBoard ? 255 - paper : paper
        let texture = self.texture()
        let lines = self.lines(atMost: 0.6 * depth)
        let stroke = self.stroke()
        let light = self.light()
        let grain = dice.within(0...conditions.grain)
        var values = [Double](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let (px, py) = (Double(x), Double(y))
                var ink = stroke(px, py)
                if ink > 0 { ink *= 1 - grain * dice.unit() }
                let level = ground + texture(px, py) + sign * (lines(px, py) + ink * depth)
                values[y * width + x] = level * light(px, py)
            }
        }
        for _ in 0..<(conditions.blur.lowerBound + dice.below(conditions.blur.count)) {
            values = PhotoFilter.blurred(values, width, height)
        }
        if dice.chance(conditions.specksChance) { addSpecks(to: &values) }
        let noise = dice.within(conditions.noise)
        for i in values.indices { values[i] += noise * dice.normal() }
        if dice.chance(conditions.jpegChance) {
            PhotoFilter.quantize(&values, width, height, step: dice.within(4...40))
        }
        return Image(
            unchecked: values.map { UInt8(min(max($0 + 0.5, 0), 255)) }, width: width,
            height: height, channels: 1)
    }

    /// The ink of the digit, 0 to 1, somewhere on the paper and turned a little.
    private mutating func stroke() -> (Double, Double) -> Double {
        let side = short * dice.within(conditions.share)
        let angle = dice.within(-conditions.rotation...conditions.rotation) * .pi / 180
        // The ink is inside the middle 20 of 28 pixels.
        let room = side * 12 / 28
        let centre = (
            x: dice.within(room...Double(width) - room),
            y: dice.within(room...Double(height) - room)
        )
        let sharpness = dice.within(conditions.sharpness)
        let (cosine, sine, scale) = (cos(angle), sin(angle), 28 / side)
        let digit = digit
        func at(_ x: Int, _ y: Int) -> Double {
            x < 0 || y < 0 || x > 27 || y > 27 ? 0 : Double(digit[y * 28 + x]) / 255
        }
        return { x, y in
            let (dx, dy) = (x - centre.x, y - centre.y)
            let u = (cosine * dx + sine * dy) * scale + 13.5
            let v = (cosine * dy - sine * dx) * scale + 13.5
            guard u > -1, v > -1, u < 28, v < 28 else { return 0 }
            let (left, top) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
            let (a, b) = (u - Double(left), v - Double(top))
            let above = at(left, top) * (1 - a) + at(left + 1, top) * a
            let below = at(left, top + 1) * (1 - a) + at(left + 1, top + 1) * a
            return min(max((above * (1 - b) + below * b - 0.5) * sharpness + 0.5, 0), 1)
        }
    }

    /// Uneven paper: random levels on a lattice, smooth between.
    private mutating func texture() -> (Double, Double) -> Double {
        let amount = dice.within(conditions.texture)
        let cell = dice.within(4...40)
        let columns = Int(Double(width) / cell) + 2
        let rows = Int(Double(height) / cell) + 2
        let levels = (0..<columns * rows).map { _ in dice.normal() }
        return { x, y in
            let (column, row) = (Int(x / cell), Int(y / cell))
            let (a, b) = (x / cell - Double(column), y / cell - Double(row))
            let i = row * columns + column
            let above = levels[i] * (1 - a) + levels[i + 1] * a
            let below = levels[i + columns] * (1 - a) + levels[i + columns + 1] * a
            return amount * (above * (1 - b) + below * b)
        }
    }

    private mutating func lines(atMost most: Double) -> (Double, Double) -> Double {
        guard dice.chance(conditions.linesChance) else { return { _, _ in 0 } }
        let pitch = short / dice.within(7...20)
        let thickness = max(short / 600 * dice.within(1...3), 1)
        let ink = min(dice.within(conditions.lineInk), most)
        let angle = dice.within(-1...1) * .pi / 180
        let phase = dice.within(0...pitch)
        let (cosine, sine, areSquared) = (cos(angle), sin(angle), conditions.areSquared)
        func isLine(_ place: Double) -> Bool {
            let rest = (place + phase).truncatingRemainder(dividingBy: pitch)
            return rest >= 0 && rest < thickness
        }
        return { x, y in
            isLine(cosine * y - sine * x) || areSquared && isLine(cosine * x + sine * y) ? ink : 0
        }
    }

    /// The share of the light that reaches a place.
    private mutating func light() -> (Double, Double) -> Double {
        let darkest = dice.within(1 - conditions.gradient...1)
        let direction = dice.within(0...2 * .pi)
        let (gx, gy) = (cos(direction), sin(direction))
        let vignette = dice.within(0...conditions.vignette)
        let shadow = self.shadow()
        let (width, height) = (Double(width), Double(height))
        return { x, y in
            let (dx, dy) = (x - width / 2, y - height / 2)
            let along = min(max((dx * gx + dy * gy) / max(width, height) + 0.5, 0), 1)
            let corner = 4 * (dx * dx + dy * dy) / (width * width + height * height)
            return (1 - (1 - darkest) * along) * (1 - vignette * corner) * shadow(dx, dy)
        }
    }

    /// A shadow with one edge, or a corner.
    private mutating func shadow() -> (Double, Double) -> Double {
        guard dice.chance(conditions.shadowChance) else { return { _, _ in 1 } }
        let light = dice.within(conditions.shadowLight)
        let softness = max(dice.within(conditions.penumbra) * short, 1)
        let first = dice.within(0...2 * .pi)
        var edges = [(first, dice.within(-0.35...0.35) * short)]
        if dice.chance(0.3) {
            edges.append((first + dice.within(0.6...2.2), dice.within(-0.35...0.35) * short))
        }
        let planes = edges.map { (x: cos($0.0), y: sin($0.0), place: $0.1) }
        return { x, y in
            let share = planes.reduce(1.0) { share, edge in
                let t = min(max((edge.x * x + edge.y * y - edge.place) / softness + 0.5, 0), 1)
                return share * t * t * (3 - 2 * t)
            }
            return 1 - (1 - light) * share
        }
    }

    private mutating func addSpecks(to values: inout [Double]) {
        for _ in 0..<3 + dice.below(30) {
            let (x, y, radius) = (dice.below(width), dice.below(height), dice.below(3))
            let depth = dice.within(-80...40)
            for row in max(y - radius, 0)...min(y + radius, height - 1) {
                for column in max(x - radius, 0)...min(x + radius, width - 1) {
                    values[row * width + column] += depth
                }
            }
        }
    }
}

private enum PhotoFilter {
    /// Means of 3 × 3.
    static func blurred(_ values: [Double], _ width: Int, _ height: Int) -> [Double] {
        var rows = values
        for y in 0..<height {
            for x in 0..<width {
                let (left, right) = (max(x - 1, 0), min(x + 1, width - 1))
                rows[y * width + x] =
                    (values[y * width + left] + values[y * width + x] + values[y * width + right])
                    / 3
            }
        }
        var result = rows
        for y in 0..<height {
            let (above, below) = (max(y - 1, 0), min(y + 1, height - 1))
            for x in 0..<width {
                result[y * width + x] =
                    (rows[above * width + x] + rows[y * width + x] + rows[below * width + x]) / 3
            }
        }
        return result
    }

    /// Rounds the cosine transform of blocks of 8 × 8, high frequencies more.
    static func quantize(_ values: inout [Double], _ width: Int, _ height: Int, step: Double) {
        var basis = [Double](repeating: 0, count: 64)
        var turned = basis
        for k in 0..<8 {
            for n in 0..<8 {
                let wave: Double = cos(Double.pi / 8 * (Double(n) + 0.5) * Double(k))
                basis[8 * k + n] = wave * (k == 0 ? 0.125.squareRoot() : 0.5)
                turned[8 * n + k] = basis[8 * k + n]
            }
        }
        for top in stride(from: 0, to: height - 7, by: 8) {
            for left in stride(from: 0, to: width - 7, by: 8) {
                var block = [Double](repeating: 0, count: 64)
                for i in 0..<64 { block[i] = values[(top + i / 8) * width + left + i % 8] }
                block = product(product(basis, block), turned)
                for i in 0..<64 {
                    let size = step * (0.4 + 0.35 * Double(i / 8 + i % 8))
                    block[i] = (block[i] / size).rounded() * size
                }
                block = product(product(turned, block), basis)
                for i in 0..<64 { values[(top + i / 8) * width + left + i % 8] = block[i] }
            }
        }
    }

    /// Of matrices of 8 × 8.
    private static func product(_ a: [Double], _ b: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: 64)
        for row in 0..<8 {
            for column in 0..<8 {
                var sum = 0.0
                for k in 0..<8 { sum += a[8 * row + k] * b[8 * k + column] }
                result[8 * row + column] = sum
            }
        }
        return result
    }
}
