import Foundation
import Phidias
import Testing

/// `phidias predict` on pictures, folders and files of many images.
@Suite struct PredictProgramTests {
    /// A model of two classes, a block at the left or at the right, and pictures for it.
    final class Bench {
        let folder: ProgramTests.Folder
        let model: String

        init() throws {
            folder = try ProgramTests.Folder()
            model = folder.path + "/model.safetensors"
            // The logits are the differences of the halves of 4 × 6 pixels.
            let network = try Network(
                rows: 4, columns: 6, layers: [Dense(2)], outputActivation: .softmax)
            let left = (0..<24).map { Float($0 % 6 < 3 ? 1 : -1) }
            let parameters = LayerParameters(
                weight: left + left.map { -$0 }, bias: [0, 0])
            try ModelFile(
                model: try Model(network: network, parameters: [parameters]),
                loss: "cross-entropy", classNames: ["left", "right, of course"]
            ).write(to: model)
        }

        func path(_ name: String) -> String { folder.path + "/" + name }

        /// 4 × 6 pixels with a block in columns.
        func picture(_ name: String, _ columns: Range<Int>, ink: UInt8 = 255, paper: UInt8 = 0)
            throws
        {
            let pixels = (0..<24).map { place in
                (1..<3).contains(place / 6) && columns.contains(place % 6) ? ink : paper
            }
            let image = try Image(width: 6, height: 4, channels: 1, pixels: pixels)
            try PNG.write(image, to: path(name))
        }

        func predict(_ arguments: String...) throws -> ProgramTests.Outcome {
            try ProgramTests.run(["predict", model] + arguments)
        }
    }

    @Test func foldersAreAnsweredInOrderAndBadFilesNamed() throws {
        let bench = try Bench()
        for folder in ["all", "all/more", "all/__MACOSX"] {
            try FileManager.default.createDirectory(
                atPath: bench.path(folder), withIntermediateDirectories: true)
        }
        try bench.picture("all/b.png", 1..<2)
        try bench.picture("all/c.png", 4..<5, ink: 0, paper: 250)
        try bench.picture("all/more/a.png", 4..<5)
        try bench.picture("all/__MACOSX/b.png", 1..<2)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: bench.path("all/a.png")))
        try Data([1]).write(to: URL(fileURLWithPath: bench.path("all/notes.txt")))
        let all = bench.path("all")
        let found = try bench.predict(all, "--top", "1")
        #expect(found.code == 65)
        let lines = found.output.split(separator: "\n").map { $0.prefix { $0 != "(" } }
        #expect(
            lines == [
                "\(all)/b.png: left  ", "\(all)/c.png: right, of course  ",
                "\(all)/more/a.png: right, of course  ",
            ])
        #expect(found.errors.contains("\(all)/a.png: is neither a PNG nor a JPEG file"))
        #expect(found.errors.contains("\(all)/c.png: dark ink on light paper, inverted."))
        #expect(!found.errors.contains("b.png"))

        let told = try bench.predict(all + "/b.png", "--invert", "--top", "1")
        #expect(told.output.contains(": right, of course") && told.errors.isEmpty)
        let left = try bench.predict(all + "/c.png", "--no-auto", "--top", "1")
        #expect(left.output.contains(": left") && left.errors.isEmpty)
    }

    @Test func tablesAreWrittenAsAsked() throws {
        let bench = try Bench()
        let images: [[UInt8]] = [[1], [4], [0]].map { (columns: [Int]) in
            (0..<24).map { columns.contains($0 % 6) ? 255 : 0 }
        }
        try Data(
            IDXFile(dimensions: [3, 4, 6], elements: images.flatMap { $0 }).bytes
        ).write(to: URL(fileURLWithPath: bench.path("images-idx3-ubyte")))
        try bench.picture("a,b.png", 1..<2)
        let table = bench.path("p.csv")
        let found = try bench.predict(
            bench.path("images-idx3-ubyte"), bench.path("a,b.png"), "--output", table, "--header")
        #expect(found.code == 0 && found.output == table + "\n", "\(found.errors)")
        let text = try String(contentsOfFile: table, encoding: .utf8)
        #expect(
            text == """
                ImageId,Label
                1,left
                2,"right, of course"
                3,left
                "\(bench.path("a,b.png"))",left

                """)
        _ = try bench.predict(
            bench.path("images-idx3-ubyte"), "--output", table, "--header", "--top", "2")
        let top = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n")
        #expect(top[0] == "ImageId,Label,Probability,Label2,Probability2")
        #expect(top[1].hasPrefix("1,left,0.99") && top[1].contains("\"right, of course\",0.0"))
    }

    @Test func severalDrawingsAreRefusedOrAnsweredFromLeftToRight() throws {
        let bench = try Bench()
        let pixels = (0..<60 * 200).map { place -> UInt8 in
            let (x, y) = (place % 200, place / 200)
            return (15..<45).contains(y) && ((30..<60).contains(x) || (130..<160).contains(x))
                ? 20 : 240
        }
        let image = try Image(width: 200, height: 60, channels: 1, pixels: pixels)
        try PNG.write(image, to: bench.path("two.png"))
        let refused = try bench.predict(bench.path("two.png"))
        #expect(refused.code == 65 && refused.output.isEmpty)
        #expect(refused.errors.contains("there are 2 drawings in it"))
        #expect(refused.errors.contains("--segments"))
        let seen = bench.path("seen")
        let found = try bench.predict(
            bench.path("two.png"), "--segments", "--save-fitted", seen, "--format", "json")
        #expect(found.code == 0, "\(found.errors)")
        let object = try ProgramTests.object(found.output)
        let list = try #require(object["predictions"] as? [[String: Any]])
        #expect(list.map { $0["image"] as? String } == [1, 2].map { bench.path("two.png \($0)") })
        #expect(list.allSatisfy { $0["ink"] as? String == "dark" })
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: seen).sorted()
                == ["1-two.png", "2-two.png"])
        let drawn = try PNG.readGray(path: seen + "/1-two.png")
        #expect((drawn.width, drawn.height) == (6, 4) && drawn.pixels.contains(255))
    }

    /// More than a batch, of a folder whose pictures are never together in memory.
    @Test func manyPicturesGoInBatches() throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(
            atPath: bench.path("many"), withIntermediateDirectories: true)
        try bench.picture("many/100.png", 1..<2)
        try bench.picture("many/102.png", 4..<5)
        for number in 101..<600 where number != 102 {
            try FileManager.default.copyItem(
                atPath: bench.path(number % 3 == 0 ? "many/102.png" : "many/100.png"),
                toPath: bench.path("many/\(number).png"))
        }
        let found = try bench.predict(bench.path("many"), "--format", "json")
        let object = try ProgramTests.object(found.output)
        let list = try #require(object["predictions"] as? [[String: Any]])
        #expect(list.count == 500)
        for (place, one) in list.enumerated() {
            let number = 100 + place
            #expect(one["image"] as? String == bench.path("many/\(number).png"))
            #expect(one["class"] as? Int == (number % 3 == 0 ? 1 : 0))
        }
        #expect((object["classes"] as? [String])?.count == 2)
    }

    @Test(arguments: [
        (["--top", "0"], "--top is 0"), (["--top", "2", "--all"], "--all and --top"),
        (["--header"], "--header is for"),
    ]) func optionsThatDoNotFitAreRefused(options: [String], part: String) throws {
        let outcome = try ProgramTests.run(["predict", "m", "p.png"] + options)
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
}
