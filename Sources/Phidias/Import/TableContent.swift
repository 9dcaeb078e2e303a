extension TableOptions.Content {
    /// The fewest pixels of an image that is recognised without being told: 8 × 8.
    private static let fewestPixels = 64

    /// Whether the rows of a table are images.
    /// - Throws: `TableError` if looking does not tell.
    static func of(
        _ table: TableFile, _ columns: TableColumns, _ options: TableOptions
    ) throws(TableError) -> Self {
        if let content = options.content { return content }
        if !columns.targets.isEmpty || options.fillsMissing || table.classNames != nil {
            return .table
        }
        let features = columns.features
        let summaries = features.map { table.columns[$0] }
        guard summaries.allSatisfy(\.isNumeric) else { return .table }
        let facts = PixelFacts(
            count: features.count, lowest: summaries.reduce(.infinity) { min($0, $1.lowest) },
            highest: summaries.reduce(-.infinity) { max($0, $1.highest) },
            areWhole: summaries.allSatisfy(\.isWhole),
            names: table.names.map { names in features.map { names[$0] } })
        return try of(facts, options, path: table.path)
    }

    /// Whether rows of numbers are images.
    static func of(
        _ facts: PixelFacts, _ options: TableOptions, path: String
    ) throws(TableError) -> Self {
        if options.size != nil || options.white != nil || options.channels != nil { return .images }
        if let names = facts.names, names.allSatisfy({ $0.lowercased().hasPrefix("pixel") }) {
            return .images
        }
        let (lowest, highest) = (facts.lowest, facts.highest)
        guard lowest >= 0, highest <= (facts.areWhole ? 255 : 1) else { return .table }
        let isNumbered = facts.names.map(LabelColumn.areNumbered) ?? true
        let shape = try? PixelShape.of(values: facts.count, options, path: path)
        if let shape, isNumbered, shape.count >= fewestPixels { return .images }
        let size = shape.map { ", as many as an image of \($0.pixels)" } ?? ""
        throw .imagesOrTable(
            path: path,
            seen:
                "\(facts.count == 1 ? "1 number" : "\(facts.count) numbers") from \(lowest.short) to \(highest.short) in each row\(size)"
        )
    }
}

/// What is known of rows of numbers that may be images.
struct PixelFacts {
    /// Numbers of a row.
    let count: Int
    let lowest, highest: Double
    let areWhole: Bool
    /// The columns' names.
    let names: [String]?
}
