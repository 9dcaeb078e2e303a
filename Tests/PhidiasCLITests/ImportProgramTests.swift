import Foundation
import Phidias
import Testing

/// phidias data import on folders of pictures, and what is told of labels.
@Suite struct ImportProgramTests {
    typealias Program = ProgramTests

    /// Pictures of the given sizes in two classes, with what systems leave beside them.
    static func pictures(_ root: String, sides: [Int]) throws {
        for (label, name) in ["cats", "dogs"].enumerated() {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(name)", withIntermediateDirectories: true)
            for (index, side) in sides.enumerated() {
                let pixels = (0..<side * side).map { UInt8(($0 * (7 + label) + index) % 256) }
                try PNG.write(
                    try Image(width: side, height: side, channels: 1, pixels: pixels),
                    to: "\(root)/\(name)/\(index).png")
            }
        }
        try Data().write(to: URL(fileURLWithPath: root + "/cats/.DS_Store"))
    }

    @Test func picturesAreResizedAndBadOnesLeftOut() throws {
        let folder = try Program.Folder()
        let (source, data) = (folder.path + "/source", folder.path + "/data")
        try Self.pictures(source, sides: [5, 9, 12, 28, 31])
        let other = try Program.run("data", "import", source, "--output", data)
        #expect(other.code == 65 && other.errors.contains("--size 28x28"), "\(other.errors)")
        try Data().write(to: URL(fileURLWithPath: source + "/dogs/zero.jpg"))
        let sized = ["data", "import", source, "--output", data, "--size", "28x28"]
        let bad = try Program.run(sized)
        #expect(bad.code == 65 && bad.errors.contains("/dogs/zero.jpg: is empty"))
        #expect(bad.errors.contains("--skip-bad"))
        #expect(!FileManager.default.fileExists(atPath: data))
        let good = try Program.run(sized + ["--skip-bad"])
        #expect(good.code == 0)
        #expect(
            good.output.hasPrefix(
                "\(data): 8 training and 2 test images of 28 × 28 pixels, 2 classes\n"))
        #expect(
            good.errors
                == "skipped: \(source)/dogs/zero.jpg: is empty: there is no picture in it.\nLeft out 1 file that cannot be read.\nPassed over 1 hidden file.\n"
        )
        #expect(try DataPair(directory: data).training.classNames == ["cats", "dogs"])
    }

    @Test func partsOfTheirOwnAreNotSplit() throws {
        let folder = try Program.Folder()
        for part in ["train", "test"] {
            try Self.pictures("\(folder.path)/source/\(part)", sides: [4, 4])
        }
        let command = [
            "data", "import", folder.path + "/source", "--output", folder.path + "/data",
        ]
        let refused = try Program.run(command + ["--test-share", "0.5"])
        #expect(refused.code == 64 && refused.errors.contains("--test-share"))
        let imported = try Program.run(command)
        #expect(imported.output.contains("4 training and 4 test images"), "\(imported.errors)")
    }

    @Test func numbersThatMeanNothingAreRefused() throws {
        let folder = try Program.Folder()
        try Self.pictures(folder.path + "/source", sides: [4, 4])
        for option in [
            ["--size", "28"], ["--size", "0x4"], ["--size", "4x4x1"], ["--size", "4x4097"],
            ["--channels", "2"], ["--fit", "bend"],
        ] {
            let command =
                ["data", "import", folder.path + "/source", "--output", folder.path + "/data"]
                + option
            let outcome = try Program.run(command)
            #expect(outcome.code == 64, "\(option): \(outcome.errors)")
        }
    }

    /// A byte of a label that became 200.
    @Test func damagedLabelsAreToldOrRefused() throws {
        let folder = try Program.Folder()
        let data = folder.path + "/data"
        let labels = (0..<400).map { UInt8($0 % 4) }
        let set = try Dataset(
            images: labels.flatMap { [$0, 50, 0, 9] }, labels: labels, rows: 2, columns: 2,
            classes: 4)
        try DataPair(training: set, test: set, checksums: [:]).write(to: data)
        let file = data + "/train-labels-idx1-ubyte"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[20] = 200
        try bytes.write(to: URL(fileURLWithPath: file))
        let told = [
            "warning: \(file): 196 classes without a training image: 4 to 199.",
            "warning: \(file): byte 20: class 200 has one image, where others have about 100: is the label right?",
        ]
        let info = try Program.run("data", "info", data)
        #expect(info.code == 0 && info.errors == told.map { $0 + "\n" }.joined())
        let train = ["train", "--data", data, "--hidden", "2", "--epochs", "1", "--output"]
        let run = try Program.run(train + [folder.path + "/run"])
        #expect(run.code == 0 && told.allSatisfy { run.errors.contains($0) }, "\(run.errors)")

        let sweep = try Program.run(
            "sweep", "--data", data, "--hidden", "2", "--epochs", "1", "--validation", "0.1",
            "--output", folder.path + "/sweep")
        // A single image cannot be split, which is said before anything is trained.
        #expect(sweep.code == 64, "\(sweep.errors)")
        for command in [
            ["data", "info", data, "--classes", "4"],
            train + [folder.path + "/other", "--classes", "4"],
        ] {
            let refused = try Program.run(command)
            #expect(refused.code == 65)
            #expect(
                refused.errors.contains(
                    "\(file): byte 20: the label of image 12 is 200, outside the classes 0 to 3."))
        }
    }

    @Test func theNumberOfClassesIsRecorded() throws {
        let folder = try Program.Folder()
        let (data, run) = (folder.path + "/data", folder.path + "/run")
        let labels = (0..<100).map { UInt8($0 % 4) }
        let set = try Dataset(
            images: labels.flatMap { [$0, 50, 0, 9] }, labels: labels, rows: 2, columns: 2,
            classes: 4)
        try DataPair(training: set, test: set, checksums: [:]).write(to: data)
        let train = ["train", "--data", data, "--hidden", "2", "--epochs", "1", "--output"]
        #expect(try Program.run(train + [run, "--classes", "6"]).code == 0)
        let record = try RunDocument(path: run + "/run.json")
        #expect(record["classes"] == "6" && record.network.classes == 6)
        #expect(try Program.run("verify", run).code == 0)
        #expect(try Program.run("evaluate", run).code == 0)
        #expect(
            try Program.run("train", "--resume", run, "--epochs", "2", "--allow-change").code == 0)
        let plain = folder.path + "/plain"
        #expect(try Program.run(train + [plain]).code == 0)
        #expect(try RunDocument(path: plain + "/run.json")["classes"] == nil)
        let synthetic = try Program.run("train", "--classes", "6", "--output", folder.path + "/s")
        #expect(synthetic.code == 64 && synthetic.errors.contains("(--classes)"))
    }
}
