import Foundation
import Phidias

/// The frames that `train --filters-every` has left in a run's folder, as pictures to page through.
struct FilterFilm {
    struct Frame {
        let step: Int
        let bytes: [UInt8]
    }

    /// So many frames, and bytes of them, make a film that a page can carry.
    static let mostFrames = 60, mostBytes = 12 << 20
    /// Names that are looked at.
    private static let mostFiles = 1 << 20

    let frames: [Frame]
    /// Frames in the folder.
    let all: Int
    private let size: (width: Int, height: Int)
    private let command: ShellCommand

    init(run: ReportedRun) throws {
        let folder = RunFolder(run.path).path("frames")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let steps = names.prefix(Self.mostFiles).compactMap { Self.step(of: $0) }.sorted()
        all = steps.count
        // How often, a run need not record: it changes no result.
        let every =
            run.document["filters_every"] == nil && steps.count > 1
            ? ["--filters-every=\(steps[1] - steps[0])"] : []
        command = run.trainCommand(every)
        func path(_ step: Int) -> String { "\(folder)/\(Self.name(step))" }
        guard let last = steps.last else {
            (frames, size) = ([], (0, 0))
            return
        }
        // All frames are about as large as the last: fewer of them if they are large.
        let sample = try FileBytes.read(path(last), limit: Self.mostBytes)
        let count = min(Self.mostFrames, max(1, Self.mostBytes / max(sample.count, 1)))
        size = try PNG.size(sample, path: path(last))
        var frames: [Frame] = []
        var room = Self.mostBytes
        for step in Self.spread(steps, over: count) {
            let bytes = try FileBytes.read(path(step), limit: Self.mostBytes)
            let own = try PNG.size(bytes, path: path(step))
            guard own == size else {
                throw ImageError.damaged(
                    path: path(step),
                    reason:
                        "its size is \(own.width) × \(own.height) pixels, and the last frame's \(size.width) × \(size.height)"
                )
            }
            room -= bytes.count
            if room >= 0 || step == last { frames.append(Frame(step: step, bytes: bytes)) }
        }
        self.frames = frames
    }

    /// Evenly chosen, the first and the last among them.
    static func spread(_ steps: [Int], over count: Int) -> [Int] {
        guard steps.count > count else { return steps }
        guard count > 1 else { return Array(steps.suffix(count)) }
        return (0..<count).map { steps[$0 * (steps.count - 1) / (count - 1)] }
    }

    private static func step(of name: String) -> Int? {
        guard let match = name.wholeMatch(of: /step-([0-9]{8})\.png/) else { return nil }
        return Int(match.1)
    }

    private static func name(_ step: Int) -> String {
        let digits = String(step)
        return "step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).png"
    }

    /// All frames lie in the page, and all but the last are hidden: so it is what is seen without
    /// scripts.
    var html: HTML {
        guard !frames.isEmpty else { return .nothing }
        let pictures = frames.enumerated().map { index, frame in
            HTML.frame(
                DataURL.png(frame.bytes), size, "Filters after step \(frame.step)",
                step: "step \(frame.step)", hidden: index < frames.count - 1)
        }
        let controls = HTML.element(
            "div", ["class": "controls", "hidden": ""],
            .element("button", ["type": "button"], "Play"),
            .void(
                "input",
                [
                    "type": "range", "min": "0", "max": "\(frames.count - 1)", "step": "1",
                    "value": "\(frames.count - 1)", "aria-label": "Frame of the film",
                ]), .element("output", [:], HTML("step \(frames[frames.count - 1].step)")))
        let some = frames.count < all ? "\(frames.count) of \(all)" : "\(all)"
        return .section(
            "Film of the filters",
            .figure(
                .joined(pictures) + controls,
                "\(some) frames, all in the same colours, from step \(frames[0].step) to step \(frames[frames.count - 1].step).",
                command: command, kind: "film"))
    }
}

extension HTML {
    fileprivate static func frame(
        _ address: String, _ size: (width: Int, height: Int), _ alternative: String, step: String,
        hidden: Bool
    ) -> HTML {
        .void(
            "img",
            hidden
                ? [
                    "src": address, "width": "\(size.width)", "height": "\(size.height)",
                    "alt": alternative, "data-step": step, "hidden": "",
                ]
                : [
                    "src": address, "width": "\(size.width)", "height": "\(size.height)",
                    "alt": alternative, "data-step": step,
                ])
    }
}
