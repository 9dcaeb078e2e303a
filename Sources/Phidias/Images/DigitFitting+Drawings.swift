import PhidiasKernels

extension DigitFitting {
    /// Reads a PNG or JPEG file and finds the drawings in it, as `drawings(in:rows:columns:ink:name:)`.
    /// Where the picture is transparent there is paper.
    /// - Parameters:
    ///   - path: The file.
    ///   - rows: Rows of a result.
    ///   - columns: Pixels in a row of a result.
    ///   - ink: nil if it is to be found.
    ///   - ground: what the network was trained on.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func drawings(
        path: String, rows: Int, columns: Int, ink: Ink? = nil, ground: Ground = .dark
    ) throws -> [Drawing] {
        try drawings(
            in: try ImageFile.readDrawing(path: path), rows: rows, columns: columns, ink: ink,
            ground: ground, name: path)
    }

    /// Finds the drawings in a picture, such as a photo of digits on paper.
    ///
    /// A picture of the right size is one drawing, as it is; if it is clearly ink on paper, and the
    /// other way round than what the network was trained on, it is inverted. In any
    /// other the ink is told from the paper, however the light falls, lines of ruled paper and specks are left out, and what hangs together, or nearly, is
    /// cut out and fitted as by `fit`. Of parts that touch the edge none is taken while another is
    /// as good; and none that is much smaller than the largest. Where light falls unevenly, strokes
    /// wider than about a tenth of the picture may be taken for shade.
    /// - Parameters:
    ///   - image: Of one channel.
    ///   - rows: Rows of a result, at least 1.
    ///   - columns: Pixels in a row of a result, at least 1; at most 2²⁰ pixels in all.
    ///   - ink: nil if it is to be found.
    ///   - ground: what the network was trained on: results have that ground.
    ///   - name: What errors call the picture.
    /// - Returns: At least one, from left to right.
    /// - Throws: `ImageError.channels`, `.fittedSize`, `.blank`, `.noDrawing`, `.tooSmall`,
    ///   `.memory`.
    public static func drawings(
        in image: Image, rows: Int, columns: Int, ink: Ink? = nil, ground: Ground = .dark,
        name: String
    ) throws(ImageError) -> [Drawing] {
        let wanted = ground == .light ? Ink.dark : .light
        func inverted(_ pixels: [UInt8]) -> [UInt8] { pixels.map { 255 - $0 } }
        if try check(image, rows: rows, columns: columns, name: name) {
            let clear = ground == .varied ? nil : paper(of: image).map { $0 ? Ink.dark : .light }
            let found = ink ?? clear ?? wanted
            return [
                Drawing(
                    pixels: found == wanted ? image.pixels : inverted(image.pixels), ink: found,
                    isWhole: true, isInverted: found != wanted)
            ]
        }
        // Fields of four bytes, padded for the widest strokes.
        try Memory.checkPixels(96 * min(image.pixels.count, 1 << 20), of: name)
        let field = InkField(image, ink: ink)
        guard let shapes = Shapes(field) else {
            // What fills much of the picture stands out from no paper around it, but from its border.
            guard let found = ink ?? paper(of: image).map({ $0 ? Ink.dark : .light }) else {
                throw .noDrawing(path: name)
            }
            let bright = Image(
                unchecked: found == .dark ? inverted(image.pixels) : image.pixels,
                width: image.width, height: image.height, channels: 1)
            let pixels = try fit(bright, rows: rows, columns: columns, name: name)
            return [
                Drawing(
                    pixels: wanted == .light ? pixels : inverted(pixels), ink: found,
                    isInverted: found != wanted)
            ]
        }
        var result: [Drawing] = []
        for group in shapes.groups {
            let plane = shapes.plane(of: group).withStrokes(rows: rows, columns: columns)
            let pixels = try fit(plane, rows: rows, columns: columns, name: name)
            result.append(
                Drawing(
                    pixels: wanted == .light ? pixels : inverted(pixels), ink: field.ink,
                    isInverted: field.ink != wanted, isShaded: field.isShaded,
                    lines: field.lines))
        }
        return result
    }

    /// Whether a picture is clearly dark ink on bright paper (true) or the reverse (false): three in
    /// four pixels of its border and half of all are within 32 levels of the border's median, and
    /// that is bright or dark; nil if there is no such paper.
    package static func paper(of image: Image) -> Bool? {
        let (width, height) = (image.width, image.height)
        var border: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width where x == 0 || y == 0 || x == width - 1 || y == height - 1 {
                border.append(image.pixels[y * width + x])
            }
        }
        guard !border.isEmpty else { return nil }
        let paper = Int(border.sorted()[border.count / 2])
        func isPaper(_ pixel: UInt8) -> Bool { abs(Int(pixel) - paper) <= 32 }
        guard 4 * border.count(where: isPaper) >= 3 * border.count,
            2 * image.pixels.count(where: isPaper) >= image.pixels.count
        else { return nil }
        let ink = image.pixels.lazy.filter { !isPaper($0) }
        if paper >= 128 { return ink.contains { $0 < paper } ? true : nil }
        return ink.contains { $0 > paper } ? false : nil
    }
}

extension Dataset {
    /// What most of the images have for a ground: dark or light paper, if nine in ten have, of up to
    /// 1,000 all over the data; nil for numbers and images of several channels.
    package var ground: DigitFitting.Ground? {
        guard !isNumeric, shape.channels == 1 else { return nil }
        let step = max(count / 1_000, 1)
        var (dark, light, all) = (0, 0, 0)
        for index in stride(from: 0, to: count, by: step) {
            let paper = DigitFitting.paper(
                of: Image(
                    unchecked: image(index), width: shape.columns, height: shape.rows,
                    channels: 1))
            all += 1
            if paper == true { light += 1 }
            if paper == false { dark += 1 }
        }
        return 10 * light >= 9 * all ? .light : 10 * dark >= 9 * all ? .dark : .varied
    }
}

extension ModelFile {
    /// What the images had for a ground that the model was trained on; dark unless the file says
    /// otherwise. It is the text `ground` of `metadata`.
    public var ground: DigitFitting.Ground {
        get { metadata[Self.groundKey].flatMap(DigitFitting.Ground.init) ?? .dark }
        set { metadata[Self.groundKey] = newValue == .dark ? nil : newValue.rawValue }
    }

    private static let groundKey = "ground"
}

/// The parts of a picture's ink, grouped into drawings.
private struct Shapes {
    let ink: InkField
    let labels: [Int32]
    let groups: [Group]
    /// The value of full ink.
    let level: Int32

    struct Group {
        var labels: Set<Int32>
        var left, right, top, bottom, mass, edge: Int

        init(_ part: FieldPart) {
            labels = [part.label]
            (left, right, top, bottom) = (part.left, part.right, part.top, part.bottom)
            (mass, edge) = (part.mass, part.edge)
        }

        var side: Int { max(right - left, bottom - top) + 1 }

        func isNear(_ other: Group, _ reach: Int) -> Bool {
            left - reach <= other.right && other.left <= right + reach
                && top - reach <= other.bottom && other.top <= bottom + reach
        }

        mutating func add(_ other: Group) {
            labels.formUnion(other.labels)
            (left, right) = (min(left, other.left), max(right, other.right))
            (top, bottom) = (min(top, other.top), max(bottom, other.bottom))
            (mass, edge) = (mass + other.mass, edge + other.edge)
        }
    }

    /// - Returns: nil if there is no ink.
    init?(_ ink: InkField) {
        self.ink = ink
        let field = ink.field
        guard let rough = Self.heaviest(field.parts(above: InkField.floor).parts) else {
            return nil
        }
        var inside: [Int32] = []
        for y in rough.top...rough.bottom {
            inside += field.values[y * field.width + rough.left...y * field.width + rough.right]
        }
        let split = Self.split(inside)
        level = GrayField.quantile(inside.filter { $0 > split }, 50)
        guard level >= 10 * GrayField.level else { return nil }
        // Of a picture without noise all that was drawn counts.
        let threshold = max(InkField.floor, ink.noise == 0 ? level / 8 : level * 35 / 100)
        let (labels, parts) = field.parts(above: threshold)
        guard let main = Self.heaviest(parts) else { return nil }
        self.labels = labels
        groups = Self.groups(parts, around: main)
    }

    private static func heaviest(_ parts: [FieldPart]) -> FieldPart? {
        parts.max { ($0.weight, -$0.label) < ($1.weight, -$1.label) }
    }

    /// The value that splits two kinds best: N. Otsu, "A threshold selection method from gray-level
    /// histograms", IEEE Transactions on Systems, Man, and Cybernetics 9 (1979).
    private static func split(_ values: [Int32]) -> Int32 {
        var counts = [Int](repeating: 0, count: 256)
        for value in values { counts[min(Int(value / GrayField.level), 255)] += 1 }
        let sum = counts.indices.reduce(0) { $0 + $1 * counts[$1] }
        var (below, part, best, place) = (0, 0, -1.0, 0)
        for level in 0..<255 {
            below += counts[level]
            part += level * counts[level]
            guard below > 0, below < values.count else { continue }
            let above = values.count - below
            let distance = Double(part) / Double(below) - Double(sum - part) / Double(above)
            let score = distance * distance * Double(below) * Double(above)
            if score > best { (best, place) = (score, level) }
        }
        return Int32(place) * GrayField.level + GrayField.level - 1
    }

    private static func groups(_ parts: [FieldPart], around main: FieldPart) -> [Group] {
        let reach = max(main.side * 8 / 100, 1)
        var groups: [Group] = []
        for part in parts where 50 * part.mass >= main.mass {
            var group = Group(part)
            while let near = groups.firstIndex(where: { group.isNear($0, reach) }) {
                group.add(groups.remove(at: near))
            }
            groups.append(group)
        }
        if groups.contains(where: { $0.edge == 0 && 5 * $0.mass >= main.mass }) {
            groups.removeAll { $0.edge > 0 }
        }
        let side = groups.map(\.side).max() ?? 0
        let mass = groups.map(\.mass).max() ?? 0
        groups.removeAll { 5 * $0.side < 2 * side || 10 * $0.mass < mass }
        return groups.sorted { ($0.left, $0.top) < ($1.left, $1.top) }
    }

    /// A group's ink from 0 to 1, with a pixel around it.
    func plane(of group: Group) -> Plane {
        let (width, height) = (ink.field.width, ink.field.height)
        func holds(_ x: Int, _ y: Int) -> Bool {
            x >= 0 && y >= 0 && x < width && y < height
                && group.labels.contains(labels[y * width + x])
        }
        var strengths: [Int32] = []
        for y in group.top...group.bottom {
            for x in group.left...group.right where holds(x, y) {
                strengths.append(ink.field.values[y * width + x])
            }
        }
        // With noise, what is weak is paper, and full ink is not its strongest pixel.
        let high = max(GrayField.quantile(strengths, ink.noise == 0 ? 100 : 75), 1)
        let low = ink.noise == 0 ? 0 : min(level / 5, high - 1)
        let columns = max(group.left - 1, 0)...min(group.right + 1, width - 1)
        let rows = max(group.top - 1, 0)...min(group.bottom + 1, height - 1)
        var values: [Double] = []
        for y in rows {
            for x in columns {
                let isNear =
                    holds(x, y) || holds(x - 1, y) || holds(x + 1, y) || holds(x, y - 1)
                    || holds(x, y + 1)
                let value = isNear ? ink.field.values[y * width + x] - low : 0
                values.append(min(max(Double(value) / Double(high - low), 0), 1))
            }
        }
        return Plane(width: columns.count, height: rows.count, values: values)
    }
}
