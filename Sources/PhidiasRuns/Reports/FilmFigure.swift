import FoundationEssentials
import Glibc
import Phidias

/// The film of a run's filters as pictures to page through.
struct FilmFigure {
    /// So many frames, and bytes of them, make a film that a page can carry.
    private static let mostFrames = 60, mostBytes = 8 << 20

    private var frames: [(step: Int, bytes: [UInt8])] = []
    /// Frames in the folder.
    private let all: Int
    private var size = (width: 0, height: 0)
    /// The bytes of a frame that no page carries; 0 if they fit.
    private var tooLarge = 0

    /// - Throws: if a frame cannot be read, or is not as large as the last.
    init(_ run: ReportedRun) throws {
        let files = try FilterFilm.frames(of: run.path)
        all = files.count
        guard let last = files.last else { return }
        // All frames are about as large as the last: fewer of them if they are large.
        let file = try InputFile(last.path)
        guard file.size <= Self.mostBytes else {
            tooLarge = file.size
            return
        }
        let sample = try file.read(0..<file.size)
        size = try PNG.size(sample, path: last.path)
        let count = min(Self.mostFrames, max(2, Self.mostBytes / max(sample.count, 1)))
        var room = Self.mostBytes - sample.count
        for file in FilterFilm.chosen(files, count).dropLast() {
            let bytes = try FileBytes.read(file.path, limit: PNG.largestFile)
            let own = try PNG.size(bytes, path: file.path)
            guard own == size else {
                throw ImageError.damaged(
                    path: file.path,
                    reason:
                        "its size is \(own.width) × \(own.height) pixels, and the last frame's \(size.width) × \(size.height)"
                )
            }
            room -= bytes.count
            if room >= 0 { frames.append((file.step, bytes)) }
        }
        frames.append((last.step, sample))
    }

    /// All frames lie in the page, and all but the last are hidden: so it is what is seen without
    /// scripts.
    var html: HTML {
        guard tooLarge == 0 else {
            return .section(
                "Film of the filters",
                .note(
                    "There are \(all.counted("frame")), each of about \(tooLarge >> 20) MiB: too large for a page."
                ))
        }
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
                kind: "film"))
    }
}

extension HTML {
    /// Small frames are shown larger, in squares.
    fileprivate static func frame(
        _ address: String, _ size: (width: Int, height: Int), _ alternative: String, step: String,
        hidden: Bool
    ) -> HTML {
        let times = max(1, 448 / size.width)
        return .element(
            "div", hidden ? ["data-step": step, "hidden": ""] : ["data-step": step],
            .image(
                address, size.width * times, size.height * times, alternative,
                kind: times > 1 ? "grown" : nil))
    }
}
