/// The ink of a picture, apart from its paper.
struct InkField {
    /// How much the ink differs from the paper, 0 where there is paper: of dark ink on shaded paper
    /// as a share of the paper's brightness, which shade leaves as it is, else in levels.
    private(set) var field: GrayField
    /// The deviation of the paper from its mean, in sixteenths of a level.
    private(set) var noise: Int32 = 0
    let ink: DigitFitting.Ink
    let isShaded: Bool
    /// Lines across the paper that were removed.
    private(set) var lines = 0

    /// Pictures are worked on at up to this length and height.
    private static let workSide = 768
    /// The size of the stroke is sought at up to this one.
    private static let searchSide = 256
    /// Half the widths of strokes that are tried, at that size.
    private static let radii = [1, 2, 3, 4, 6, 8, 11, 16, 22, 32, 45]
    /// What differs less from the paper is no ink, whatever the noise.
    static let floor = 5 * GrayField.level

    /// - Parameters:
    ///   - image: of one channel and at least one pixel.
    ///   - ink: nil if it is to be found.
    init(_ image: Image, ink: DigitFitting.Ink?) {
        let longest = max(image.width, image.height)
        let factor = max((longest + Self.workSide - 1) / Self.workSide, 1)
        var gray = GrayField(image, factor: factor)
        let noise = gray.noise
        // Each time leaves 3/8 of noise that is independent from pixel to pixel.
        for limit in [1, 4, 12] where noise >= Int32(limit) * GrayField.level {
            gray = gray.smoothed
        }
        if let paper = gray.evenPaper {
            let balance = gray.values.reduce(0) { $0 + Int($1 - paper) }
            self.init(gray, evenPaper: paper, ink: ink ?? (balance < 0 ? .dark : .light))
            return
        }
        var lines = gray.removeLines()
        if lines == 0, ink != .dark {
            var other = gray.negated
            lines = other.removeLines()
            if lines > 0 { gray = other.negated }
        }
        let (found, radius) = Self.stroke(of: gray, ink)
        self.init(gray, radius: radius, ink: found)
        self.lines = lines
        shareOfPaper(gray)
    }

    /// On paper of one brightness.
    private init(_ gray: GrayField, evenPaper paper: Int32, ink: DigitFitting.Ink) {
        var field = gray
        for i in field.values.indices {
            let difference = paper - field.values[i]
            field.values[i] = ink == .dark ? difference : -difference
        }
        (self.field, self.ink, isShaded) = (field, ink, false)
        settle()
    }

    /// On paper that is what remains without strokes of up to 2 `radius` + 1 pixels.
    private init(_ gray: GrayField, radius: Int, ink: DigitFitting.Ink) {
        let positive = ink == .dark ? gray : gray.negated
        field = positive.closed(radius: radius) - positive
        (self.ink, isShaded) = (ink, true)
        settle()
    }

    /// Puts the paper's mean at 0, measures its noise and removes it.
    private mutating func settle() {
        // Most of a picture is paper: these are the places −0.13 σ and −0.99 σ of what is normal,
        // and a little more where there is much ink.
        let middle = field.quantile(45)
        noise = (middle - field.quantile(16)) * 8 / 7
        for i in field.values.indices {
            let value = field.values[i] - middle
            field.values[i] = value > 4 * noise ? value : 0
        }
    }

    /// Differences from the paper, as shares of its brightness.
    private mutating func shareOfPaper(_ gray: GrayField) {
        guard ink == .dark else { return }
        let full = 255 * GrayField.level
        for i in field.values.indices where field.values[i] > 0 {
            let value = field.values[i]
            let paper = max(gray.values[i] + value, 16 * GrayField.level)
            field.values[i] = min(value * full / paper, full)
        }
    }

    /// Finds which is the ink, and half the width of its strokes.
    ///
    /// Strokes are filled by the paper as soon as the radius reaches half their width, and stay
    /// what they are when it grows; holes and gaps in a drawing are found later, as they are wider
    /// than the strokes around them, and shadows go on growing.
    private static func stroke(
        of gray: GrayField, _ ink: DigitFitting.Ink?
    ) -> (ink: DigitFitting.Ink, radius: Int) {
        let longest = max(gray.width, gray.height)
        let step = max((longest + searchSide - 1) / searchSide, 1)
        let small = gray.reduced(by: step)
        let radii = radii.filter { 3 * $0 <= min(small.width, small.height) }
        guard radii.count > 1 else { return (ink ?? .dark, max(longest / 5, 1)) }
        func masses(_ ink: DigitFitting.Ink) -> [Int] {
            radii.map { radius in
                InkField(small, radius: radius, ink: ink).field.parts(above: floor).parts
                    .map(\.weight).max() ?? 0
            }
        }
        if let ink { return (ink, step * radii[settled(masses(ink)) + 1]) }
        let (dark, light) = (masses(.dark), masses(.light))
        let (first, second) = (settled(dark), settled(light))
        // Which has more of the ink where it has all of its own, beside the other there. What is
        // mostly bright is rather paper than a board that shines.
        let favour = small.quantile(50) >= 96 * GrayField.level ? 6.0 : 1
        let isDark =
            favour * Double(dark[first]) * Double(dark[second] + 1)
            >= Double(light[second]) * Double(light[first] + 1)
        return isDark ? (.dark, step * radii[first + 1]) : (.light, step * radii[second + 1])
    }

    /// The first place from which on masses grow by less than a twelfth, if most is there; else the
    /// one with the least growth. Never the last.
    private static func settled(_ masses: [Int]) -> Int {
        let most = masses.max() ?? 0
        let good = masses.indices.dropLast().filter { masses[$0] > 0 && 6 * masses[$0] >= most }
        return good.first { 12 * masses[$0 + 1] <= 13 * masses[$0] }
            ?? good.min {
                Double(masses[$0 + 1]) * Double(masses[$1])
                    < Double(masses[$1 + 1]) * Double(masses[$0])
            } ?? masses.count - 2
    }
}

extension GrayField {
    /// The paper's brightness, if it is the same at nearly all of the edge, and the rest is either
    /// like it or clearly different.
    fileprivate var evenPaper: Int32? {
        guard noise <= 2 * Self.level else { return nil }
        var edge = Array(values.prefix(width) + values.suffix(width))
        for y in 0..<height { edge += [values[y * width], values[(y + 1) * width - 1]] }
        let paper = Self.quantile(edge, 50)
        let near = 6 * Self.level
        guard 20 * edge.count(where: { abs($0 - paper) <= near }) >= 19 * edge.count else {
            return nil
        }
        let most = values.reduce(0) { max($0, abs($1 - paper)) }
        let like = values.count { abs($0 - paper) <= near }
        let unlike = values.count { 3 * abs($0 - paper) > most }
        return 4 * like >= values.count && values.count - like <= 2 * unlike ? paper : nil
    }
}
