import Foundation
import Phidias
import Testing

/// Images in tables as people have them.
@Suite struct TableImportTests {
    static func read(_ text: String, _ change: (inout TableOptions) -> Void = { _ in }) throws
        -> DataImport
    {
        try read(Array(text.utf8), change)
    }

    static func read(_ bytes: [UInt8], _ change: (inout TableOptions) -> Void = { _ in }) throws
        -> DataImport
    {
        var options = TableOptions()
        change(&options)
        let scratch = try Scratch()
        return try DataImport(try scratch.file("a.csv", bytes), tables: options)
    }

    /// The error of a text, without the file's name.
    static func refusal(_ text: String, _ change: (inout TableOptions) -> Void = { _ in }) -> String
    {
        refusal(Array(text.utf8), change)
    }

    static func refusal(_ bytes: [UInt8], _ change: (inout TableOptions) -> Void = { _ in })
        -> String
    {
        do {
            let data = try read(bytes, change).data
            return "accepted: \(data.count) of \(data.shape)"
        } catch let error as any PhidiasError {
            return String(error.description.split(separator: "a.csv: ", maxSplits: 1).last ?? "")
        } catch {
            return "\(error)"
        }
    }

    /// Texts of the same two images.
    @Test(arguments: [
        "label,a,b,c,d\n1,0,10,20,255\r\n0,1,2,3,4\n",
        "1,0,10,20,255\n\n0,1,2,3,4",
        "\u{feff}1,0,10,20,255\n0,1,2,3,4\n",
        "label,0,1,2,3\n1,000,010,20,255\n0,1,2,3,4\n",
        "\"label\",\"a\",\"b\",\"c\",\"d\"\r\n\"1\",\"0\",\"10\",\"20\",\"255\"\r\n\"0\",1,2,3,4\r\n",
        "1\t0\t10\t20\t255\n0\t1\t2\t3\t4\n", "1;0;10;20;255\n0;1;2;3;4\n",
        "1;0,0;10,00;20,0;255,0\n0;1,0;2;3;4\n", "1.0,0.0,10.0,20.,2.55e2\n0,1,2,3,4\n",
        "1,0,10,20,255\r0,1,2,3,4\r", " 1 , 0 ,10,20,255\n0, \"1\" ,2,3,4\n",
        "id,label,a,b,c,d\n1,1,0,10,20,255\n2,0,1,2,3,4\n",
        ",y,0,1,2,3\n0,1,0,10,20,255\n1,0,1,2,3,4\n", "0,1,2,3,4\n1,0,10,20,255\n0,1,2,3,4\n",
        "a,b,class,c,d\n0,10,1,20,255\n1,2,0,3,4\n", "# label,a,b,c,d\n1,0,10,20,255\n0,1,2,3,4\n",
    ])
    func tableIsImported(text: String) throws {
        let data = try Self.read(text) { options in
            options.content = .images
            if !text.contains("label") && !text.contains("y") && !text.contains("class") {
                options.label = .first
            }
        }.data
        #expect(data.labels == [1, 0])
        #expect(data.images == [0, 10, 20, 255, 1, 2, 3, 4])
        #expect((data.rows, data.columns, data.classes) == (2, 2, 2))
    }

    /// A table of 8 × 8 images: of each row the label, and the first of the values, which count.
    static func table(
        _ rows: [(label: String, first: Int)], header: String? = nil, labelFirst: Bool = false,
        values: (Int) -> String = { String($0 % 256) }
    ) -> String {
        let lines = rows.map { row in
            let pixels = (0..<64).map { values(row.first + $0) }
            return (labelFirst ? [row.label] + pixels : pixels + [row.label])
                .joined(separator: ",")
        }
        return ((header.map { [$0] } ?? []) + lines).joined(separator: "\n")
    }

    static let pixelNames = (0..<64).map { "pixel\($0)" }.joined(separator: ",")

    @Test func theLastColumnIsFoundIfTheFirstIsConstant() throws {
        let found = try Self.read(
            Self.table([("5", 0), ("7", 0), ("0", 0)], values: { String($0 % 17) }))
        #expect(found.data.labels == [5, 7, 0])
        #expect(found.classes.count == 8)
        // 16 becomes 255.
        #expect(found.data.images[0..<3] == [0, 16, 32] && found.data.images[16] == 255)
        #expect(
            found.notes == [
                "The labels are in column 65.", "The values are from 0 to 16: 16 becomes 255.",
            ])
    }

    @Test func aColumnIsNotGuessed() {
        let text = Self.table([("5", 0), ("7", 1), ("0", 2)])
        #expect(
            Self.refusal(text)
                == "it is not clear which column has the labels: there is no header; column 1 has 3 different whole numbers from 0 to 2, column 65 has 3 different whole numbers from 0 to 7."
        )
        #expect(Self.refusal(text) { $0.label = .last } == "accepted: 3 of 1 × 8 × 8")
        let named = Self.table([("5", 0), ("7", 1)], header: "a," + Self.pixelNames)
        #expect(Self.refusal(named).hasPrefix("accepted"))
        let two = Self.table(
            [("5", 0), ("7", 1)], header: "class,label,\(Self.pixelNames.dropFirst(7))")
        #expect(Self.refusal(two).contains("column 1 ('class'), column 2 ('label') could be it"))
    }

    @Test func aTableWithoutLabelsIsForPrediction() {
        let rows = [("5", 0), ("7", 1)]
        let text = Self.table(rows, header: Self.pixelNames + ",pixel64")
        #expect(
            Self.refusal(text)
                == "has no labels: its 65 columns are 'pixel0' to 'pixel64'. Such a file is for prediction, not for training."
        )
        #expect(Self.refusal(text) { $0.label = .last } == "accepted: 2 of 1 × 8 × 8")
        #expect(
            Self.refusal(Self.table(rows)) {
                $0.label = .nowhere
                $0.size = Extent(13, 5)
            }
                == "has no labels: no column is one of labels. Such a file is for prediction, not for training."
        )
    }

    @Test func classesHaveNames() throws {
        let texts = try Self.read(Self.table([("dog", 0), ("Vögel", 1), ("cat", 2), ("dog", 3)]))
        #expect(texts.classes == ["Vögel", "cat", "dog"])
        #expect(texts.data.labels == [2, 0, 1, 2] && texts.data.classes == 3)
        let numbers = try Self.read(
            Self.table([("10", 0), ("-1", 1), ("9", 2)], header: Self.pixelNames + ",label"))
        #expect(numbers.classes == ["-1", "9", "10"] && numbers.data.labels == [2, 0, 1])
        let gap = try Self.read(
            Self.table([("3.0", 0), ("0", 1)], header: Self.pixelNames + ",label"))
        #expect(gap.classes == ["0", "1", "2", "3"] && gap.data.labels == [3, 0])
        let mixed = try Self.read(
            Self.table(
                [("3+", 0), ("2", 1), ("\"a,\"\"b\"", 2)], header: Self.pixelNames + ",label"))
        #expect(mixed.classes == ["2", "3+", "a,\"b"])
    }

    @Test func pixelsOfSeveralChannelsFollowEachOther() throws {
        let found = try Self.read("1,1,2,3,4,5,6,7,8,9,10,11,12\n0,0,0,0,0,0,0,0,0,0,0,0,0\n") {
            $0.label = .first
            $0.channels = 3
        }
        #expect(found.data.shape == ImageShape(channels: 3, rows: 2, columns: 2))
        #expect(found.data.image(0) == [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12])
        let wide = try Self.read("1,1,2,3,4,5,6\n0,0,0,0,0,0,0\n") {
            $0.label = .first
            $0.size = Extent(2, 3)
        }
        #expect((wide.data.rows, wide.data.columns) == (2, 3))
    }

    /// The values of an image, white, and the bytes.
    @Test(
        arguments: [
            ("0,0.5,1,0.25", nil, [0, 128, 255, 64]), ("0,0.5,0.75,0.25", nil, [0, 128, 191, 64]),
            ("0,1,1,0", nil, [0, 255, 255, 0]), ("0,15,3,1", nil, [0, 255, 51, 17]),
            ("0,1,1,0", 255, [0, 1, 1, 0]), ("0,65535,257,128", 65535, [0, 255, 1, 0]),
            ("0,17,3,1", nil, [0, 17, 3, 1]),
        ] as [(String, Double?, [UInt8])])
    func valuesAreScaled(pixels: String, white: Double?, bytes: [UInt8]) throws {
        let found = try Self.read("1,\(pixels)\n0,0,0,0,0\n") {
            $0.label = .first
            $0.content = .images
            $0.white = white
        }
        #expect(found.data.image(0) == bytes)
    }

    static let wide = [UInt8](repeating: UInt8(ascii: "1"), count: 17 << 20)
    static let images: @Sendable (inout TableOptions) -> Void = {
        $0.content = .images
        $0.label = .first
    }

    /// What the file holds, and what the error says of it.
    static let bad: [(String, String)] = [
        ("", "there are no images"), ("label,a,b\n", "there are no images"),
        ("1,2,3,4,5\n1,2,3,4,256\n", "from 2 to 256, which does not tell"),
        ("1,2,3,4,5\n0,2,3,4,-1\n", "from -1 to 5"), ("1,2,3,4,5.5\n0,2,3,4,5\n", "from 2 to 5.5"),
        ("1,2,3,4,\n0,1,1,1,1\n", "line 1, column 5: the value is missing"),
        ("1,2,,4,\n0,1,,1,\n", "line 1, column 3: the value is missing"),
        ("label,a,b,c,d\n1,2,3,4,x\n0,1,1,1,1\n", "line 2, column 5 ('d'): is not a number"),
        ("1,2,3,4,5\n1,2,3,4,5\n", "column 1 cannot be the labels: all its values are the same"),
        ("0.5,2,3,4,5\n1,2,3,4,5\n", "column 1 cannot be the labels: its numbers are not whole"),
        ("1,2,3,4,5\n,2,3,4,5\n", "line 2, column 1: the value is missing"),
        ("1,2,3,4,5\n\n1,2,3,4\n", "line 3: 4 fields, but the lines before have 5"),
        ("1,2,3\n0,1,2\n", "2 values of an image: they do not make a square."),
        (
            "1,\(Array(repeating: "7", count: 12).joined(separator: ","))",
            "of three values for each"
        ),
        ("a\n1\n2\n", "no column is left"), ("1,\"2,3,4,5\n0,2\n", "line 1: a quote is opened"),
        ("1,2,3,4,5\n1,2,\"3\"4,5\n", "line 2, field 3: something follows its closing quote"),
        ("1,2,3,4,5\n1,2\",3,4,5\n", "line 2, field 2: a quote inside a field"),
        ("1,2,3,4,5\n1,2\0,3,4,5\n", "line 2, field 2: a byte of value 0"),
        ((0...256).map { "\($0 + 1),1,2,3,4" }.joined(separator: "\n"), "more than 256 different"),
    ]

    @Test(arguments: bad.indices) func badTableIsAnErrorWithTheLine(index: Int) {
        let (text, part) = Self.bad[index]
        let said = Self.refusal(text, Self.images)
        #expect(said.contains(part), "\(said)")
    }

    @Test func hugeAndForeignFilesAreErrors() {
        #expect(Self.refusal(Self.wide).hasPrefix("line 1: more than 16777216 bytes"))
        #expect(
            Self.refusal(Array("1,2\n".utf8) + Array("\"".utf8) + Self.wide)
                .hasPrefix("line 2: more than 16777216 bytes"))
        let commas = [UInt8](repeating: UInt8(ascii: ","), count: 2 << 20)
        #expect(Self.refusal(commas).hasPrefix("line 1: more than 1048592 fields"))
        #expect(Self.refusal([0xff, 0xfe, 0x31, 0]).hasPrefix("line 1: is UTF-16"))
        #expect(Self.refusal([0x1f, 0x8b, 8, 0]).contains("gzip"))
        #expect(Self.refusal([0x89, 0x50, 0x4e, 0x47]).contains("PNG"))
        #expect(
            Self.refusal(Array("1,2,3,4,\u{e9}".utf8.dropLast()) + Array("\n".utf8), Self.images)
                .contains("is not a number"))
    }

    @Test func columnsAreFoundByNameOrNumber() {
        let text = "a,b,a\n1,2,3\n4,5,6\n"
        func refusal(_ label: String, drop: [String] = []) -> String {
            Self.refusal(text) {
                $0.content = .images
                $0.label = .init(label)
                $0.dropped = drop
            }
        }
        #expect(refusal("a") == "column 'a': 2 columns have that name.")
        #expect(refusal("c") == "column 'c': there is none; there are 'a', 'b', 'a'.")
        #expect(refusal("0").hasPrefix("column '0': there is none"))
        #expect(refusal("b", drop: ["2"]) == "column 2 ('b') is wanted and left out.")
        #expect(refusal("b", drop: ["1"]) == "accepted: 2 of 1 × 1 × 1")
        #expect(refusal("2", drop: ["1"]) == "accepted: 2 of 1 × 1 × 1")
        #expect(refusal("1", drop: ["2", "3"]) == "no column is left to learn from.")
    }

    @Test func measurementsAreNotTakenForImages() {
        // Four features are as many as a 2 × 2 image has.
        #expect(
            Self.refusal("label,a,b,c,d\n1,2,3,4,5\n0,1,1,1,1\n")
                == "it is not clear whether these are images or measurements: 4 numbers from 1 to 5 in each row, as many as an image of 2 × 2."
        )
        #expect(Self.refusal("label,a,b\n1,2.5,-3\n0,1,1\n") == "accepted: 2 of 1 × 1 × 2")
        #expect(Self.refusal("label,a,b\n1,2,red\n0,1,blue\n") == "accepted: 2 of 1 × 1 × 3")
        let words =
            "label,"
            + (0..<64).map { "the_\(String(UnicodeScalar(UInt8(65 + $0 % 26))))\($0)" }
            .joined(separator: ",")
        let text = Self.table([("1", 0), ("0", 1)], header: words, labelFirst: true)
        #expect(Self.refusal(text).contains("images or measurements: 64 numbers from 0 to 64"))
    }
}
