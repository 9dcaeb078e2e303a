import Foundation
import Phidias
import Testing

/// Names of classes on their way from a folder of pictures to everything that is shown.
@Suite struct ClassNamesProgramTests {
    typealias Program = ProgramTests

    static let names = ["<b>cats", "Vögel & co", "犬"]

    /// Pictures of 4 × 4 pixels in which each class is one gray.
    static func pictures(_ root: String, _ names: [String] = names) throws {
        for (label, name) in names.enumerated() {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(name)", withIntermediateDirectories: true)
            for index in 0..<10 {
                let pixels = (0..<16).map { UInt8(80 * label + 5 * ((7 * index + $0) % 16)) }
                try PNG.write(
                    try Image(width: 4, height: 4, channels: 1, pixels: pixels),
                    to: "\(root)/\(name)/\(index).png")
            }
        }
    }

    @Test func namesTravelFromFoldersToReports() throws {
        let folder = try Program.Folder()
        let (source, data, run) = (
            folder.path + "/source", folder.path + "/data", folder.path + "/run"
        )
        try Self.pictures(source)
        let imported = try Program.run("data", "import", source, "--output", data)
        #expect(imported.code == 0, "\(imported.errors)")
        // In the order of the names' bytes.
        #expect(try DataPair(directory: data).test.classNames == Self.names)
        let info = try Program.run("data", "info", data)
        #expect(info.output.contains("per class: <b>cats 8, Vögel & co 8, 犬 8"))
        let object = try Program.object(
            Program.run("data", "info", data, "--format", "json").output)
        #expect(object["class_names"] as? [String] == Self.names)

        let train = [
            "train", "--data", data, "--hidden", "4", "--batch-size", "8", "--validation", "0.25",
            "--output", run,
        ]
        #expect(try Program.run(train + ["--epochs", "2"]).code == 0)
        #expect(try RunDocument(path: run + "/run.json").classNames == Self.names)
        for name in ["model", "best"] {
            #expect(try ModelFile(path: "\(run)/\(name).safetensors").classNames == Self.names)
        }
        let checkpoint = try Checkpoint(path: run + "/checkpoints/epoch-2.safetensors")
        #expect(checkpoint.run.classNames == Self.names)
        #expect(try Program.run("verify", run).code == 0)
        let resumed = try Program.run("train", "--resume", run, "--epochs", "3", "--allow-change")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try ModelFile(path: run + "/model.safetensors").classNames == Self.names)
        try Self.isShown(of: run, source, folder.path)
    }

    private static func isShown(of run: String, _ source: String, _ folder: String) throws {
        let picture = "\(source)/\(names[1])/0.png"
        let model = try ModelFile(path: run + "/model.safetensors").model
        let answer = try model.answers(model.logits(images: PNG.readGray(path: picture).pixels))[0]
        let predicted = try Program.run("predict", run, picture, "--format", "json")
        let object = try Program.object(predicted.output)
        #expect(object["classes"] as? [String] == names, "\(predicted.errors)")
        let first = (object["predictions"] as? [[String: Any]])?.first
        #expect(first?["class"] as? Int == answer && first?["name"] as? String == names[answer])
        let text = try Program.run("predict", run, picture).output
        #expect(text.hasPrefix("\(picture): \(names[answer])  (\(names[answer]): 0."), "\(text)")

        let table = try Program.run("evaluate", run)
        #expect(table.output.contains("\nVögel & co "), "\(table.output)")
        #expect(table.output.contains("class       <b>cats  Vögel & co"), "\(table.output)")
        let numbers = try Program.object(Program.run("evaluate", run, "--format", "json").output)
        #expect(numbers["classes"] as? [String] == names)
        let summary = try Program.run("summary", run)
        #expect(summary.output.contains("classes         <b>cats, Vögel & co, 犬"))

        let page = folder + "/report.html"
        #expect(try Program.run("report", run, "--output", page).code == 0)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("<th scope=\"row\">&lt;b&gt;cats</th>"))
        #expect(!html.contains("<b>cats"))
    }

    @Test func namesInAnotherOrderAreTold() throws {
        let folder = try Program.Folder()
        let (source, data) = (folder.path + "/source", folder.path + "/data")
        try Self.pictures(source, ["a", "b"])
        #expect(try Program.run("data", "import", source, "--output", data).code == 0)
        let run = folder.path + "/run"
        #expect(
            try Program.run(
                "train", "--data", data, "--hidden", "4", "--batch-size", "8", "--epochs", "1",
                "--output", run
            ).code == 0)
        #expect(try Program.run("evaluate", run, "--data", data).errors.isEmpty)
        try Data("[\"b\", \"a\"]".utf8).write(to: URL(fileURLWithPath: data + "/classes.json"))
        let told = try Program.run("evaluate", run, "--data", data)
        #expect(
            told.errors
                == "warning: class 0 is 'b' in the data, but 'a' in the model.\n")
        // The run keeps those that it began with.
        #expect(try Program.run("verify", run).code == 0)
        #expect(
            try Program.run("train", "--resume", run, "--epochs", "2", "--allow-change").code == 0)
        #expect(try ModelFile(path: run + "/model.safetensors").classNames == ["a", "b"])
    }
}
