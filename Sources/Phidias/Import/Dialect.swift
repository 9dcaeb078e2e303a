/// How a file writes tables, found by looking at its first lines.
struct Dialect: Equatable {
    /// What separates fields: a tab, a semicolon or a comma.
    let delimiter: UInt8
    /// What separates a number's fraction: a point, or a comma where that is not the delimiter.
    let comma: UInt8

    private static let delimiters = ["\t", ";", ","].map { UInt8(ascii: $0) }
    /// How many records, and after the second how many bytes, are looked at.
    private static let mostRecords = 20
    private static let mostBytes = 1 << 16

    /// The delimiter that gives all records as many fields, more than one; if there is none, the one
    /// that gives the first record the most, so that the error names the record that differs.
    init(path: String) throws {
        var best = (delimiter: UInt8(ascii: ","), fields: 0)
        var found: Sample?
        for delimiter in Self.delimiters {
            var sample = Sample()
            do {
                try sample.read(path, delimiter)
            } catch is TableError {
                // Told when the file is read with this delimiter, if no other fits.
                sample.isEven = false
                sample.fields = max(sample.fields, 2)
            }
            if sample.isEven, sample.fields > 1 {
                (best, found) = ((delimiter, sample.fields), sample)
                break
            }
            if sample.fields >= best.fields {
                (best, found) = ((delimiter, sample.fields), sample)
            }
        }
        delimiter = best.delimiter
        let isComma = delimiter != UInt8(ascii: ",") && found?.hasCommas == true
        comma = UInt8(ascii: isComma && found?.hasPoints == false ? "," : ".")
    }

    private struct Sample {
        var records = 0, fields = 0
        var isEven = true
        /// Whether there are numbers with a comma, and with a point, in them.
        var hasCommas = false, hasPoints = false

        mutating func read(_ path: String, _ delimiter: UInt8) throws {
            var text = try DelimitedText(path: path, delimiter: delimiter)
            var record = TextRecord()
            while records < mostRecords, records < 2 || text.position < mostBytes,
                try text.next(&record)
            {
                if records == 0 { fields = record.count }
                records += 1
                if record.count != fields { isEven = false }
                for field in 0..<record.count {
                    let range = record.range(field)
                    let slice = record.bytes[range]
                    if slice.contains(UInt8(ascii: ",")), isNumber(record, range, ",") {
                        hasCommas = true
                    } else if slice.contains(UInt8(ascii: ".")), isNumber(record, range, ".") {
                        hasPoints = true
                    }
                }
            }
        }

        private func isNumber(
            _ record: TextRecord, _ range: Range<Int>, _ comma: Unicode.Scalar
        ) -> Bool {
            switch FieldValue(record.bytes, range, comma: UInt8(ascii: comma)) {
            case .number: true
            default: false
            }
        }
    }
}
