import Charts
import FoundationEssentials
import Glibc
import Phidias

/// What an experiment has left in a folder: NAME.json, NAME.txt and charts.
struct ReportedExperiment {
    let name, path, kind: String
    private let commands: ReportCommands
    let text: String
    let json: JSON
    private let charts: [(name: String, bytes: [UInt8])]

    private static let mostCharts = 40, mostBytes = 16 << 20

    /// - Returns: nil if the file is of no experiment.
    /// - Throws: if it is, and a file of it cannot be read.
    init?(_ path: String, kind: String, name: String, _ commands: ReportCommands) throws {
        let file = "\(path)/\(kind).json"
        let bytes = try FileBytes.read(file, limit: Self.mostBytes)
        guard let json = try? JSON(parsing: bytes, limits: .init(bytes: Self.mostBytes)),
            json["experiment"]?.stringValue == kind
        else { return nil }
        (self.name, self.commands) = (name, commands)
        self.path = path
        self.kind = kind
        self.json = json
        text = String(
            decoding: try FileBytes.read("\(path)/\(kind).txt", limit: 1 << 20), as: UTF8.self)
        charts = try Self.charts(json, path)
    }

    /// Those that the experiment names, in its order; of one that names none, all in the folder.
    private static func charts(
        _ json: JSON, _ path: String
    ) throws -> [(name: String, bytes: [UInt8])] {
        var room = mostBytes
        var names = (json["charts"]?.arrayValue ?? []).compactMap(\.stringValue)
        if json["charts"] == nil {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(".svg") }.map { String($0.dropLast(4)) }
        }
        let plain = names.filter { $0.wholeMatch(of: /[a-z0-9-]{1,64}/) != nil }
        return try plain.prefix(mostCharts).compactMap { name in
            let file = "\(path)/\(name).svg"
            guard access(file, F_OK) == 0 else { return nil }
            let bytes = try FileBytes.read(file, limit: room)
            room -= bytes.count
            return (name, bytes)
        }
    }

    private var settings: [RunDocument.Setting] { RunDocument.Setting.read(json["settings"]) ?? [] }

    private var command: ShellCommand? { commands(.experiment(kind, settings, output: path)) }

    /// Of the data.
    var checksums: [RunDocument.Setting] { RunDocument.Setting.read(json["data_sha256"]) ?? [] }

    func chapter() -> ReportPage.Chapter {
        let figures = charts.map { name, bytes in
            HTML.figure(Self.picture(bytes, "Chart \(name) of the experiment \(kind)"))
        }
        return .init(
            title: "Experiment \(kind): \(name)", facts: facts,
            settings: SettingsLine.text(settings),
            content: .joined([
                ReportTable.settings(settings),
                .command("To repeat this experiment:", command),
                figures.isEmpty ? .nothing : .section("Figures", .joined(figures)),
                .section("Tables", tables),
            ]))
    }

    /// A file's chart as a picture: what is in it stays in it.
    private static func picture(_ bytes: [UInt8], _ label: String) -> HTML {
        let head = String(decoding: bytes.prefix(512), as: UTF8.self)
        func size(_ pattern: Regex<(Substring, Substring)>) -> Int? {
            head.firstMatch(of: pattern).flatMap { Double($0.1) }
                .flatMap { (1...10_000).contains($0) ? Int($0) : nil }
        }
        guard let width = size(/\ width="([0-9.]{1,8})"/),
            let height = size(/\ height="([0-9.]{1,8})"/)
        else { return .note("\(label): the file is no chart.") }
        let title = head.firstMatch(of: /<title>([^<]*)<\/title>/).map { ": \($0.1)" } ?? ""
        return .scroll(
            label, wide: true, .image(DataURL.svg(bytes), width, height, label + title))
    }
}
