import FoundationEssentials
import Glibc
import Phidias

/// Pictures of a run's filters while it trains: `frames/step-00000000.png` and so on in its folder,
/// each named after the step that it shows the weights of; 0 is before training.
///
/// All have one color scale, fixed before the first step, so that frames can be compared and a run
/// that is resumed draws what one that never stopped would have drawn.
package final class FilterFilm {
    package struct Frame {
        package let step: Int
        package let path: String
    }

    /// Nil on another rank than the first, which draws nothing.
    private let folder: RunFolder?
    private let every: Int
    private let start: Model
    private var picture = FilterImage()

    /// The full colors stand for this many times the largest weight before training; what grows
    /// beyond has them too.
    static let headroom: Float = 6

    /// - Throws: if a frame would be too large for a picture.
    init(in folder: RunFolder?, every: Int, start: Model) throws {
        self.folder = folder
        self.every = every
        self.start = start
        picture.peak = Self.headroom * FilterImage.peak(start.parameters[0].weight[...])
        picture.scale = 2
        do {
            _ = try picture.draw(start, layer: start.network.weighted[0].index)
        } catch {
            throw SettingError.filters(reason: error.description)
        }
    }

    /// The weights before training.
    func drawStart() throws { try draw(start, step: 0) }

    /// The weights after a step counted from 1, if it has a frame.
    func draw(_ trainer: Trainer, after step: Int) throws {
        guard step.isMultiple(of: every), let state = trainer.state else { return }
        try draw(state.model, step: step)
    }

    private func draw(_ model: Model, step: Int) throws {
        guard let folder else { return }
        let digits = String(step)
        let name = String(repeating: "0", count: max(8 - digits.count, 0)) + digits
        try DurableFile.makeDirectory(folder.path("frames"))
        try picture.write(
            model, layer: model.network.weighted[0].index, name: "step \(step)",
            to: folder.path("frames/step-\(name).png"))
    }

    /// The frames up to a step that a disk has lost, in part or wholly: they are not drawn again.
    func damaged(upTo step: Int) -> [String] {
        let frames = (try? folder.map { try Self.frames(in: $0.path("frames")) }) ?? []
        return frames.filter { $0.step <= step && !PNG.isWhole(path: $0.path) }.map(\.path)
    }

    /// The frames of a run's folder, by step.
    /// - Throws: `DataError` if they cannot be listed.
    package static func frames(of run: String) throws -> [Frame] {
        try FolderSwitch.settleToRead(run)
        return try frames(in: "\(run)/frames")
    }

    static func frames(in folder: String) throws -> [Frame] {
        try FolderListing.names(folder).compactMap { name -> Frame? in
            guard let match = name.wholeMatch(of: /step-(\d{8,})\.png/), let step = Int(match.1)
            else { return nil }
            return Frame(step: step, path: "\(folder)/\(name)")
        }.sorted { $0.step < $1.step }
    }

    /// At most `count` of the frames, evenly chosen: the first, the last, and between them.
    package static func chosen(_ frames: [Frame], _ count: Int) -> [Frame] {
        guard frames.count > count, count > 1 else { return Array(frames.prefix(max(count, 1))) }
        return (0..<count).map { frames[$0 * (frames.count - 1) / (count - 1)] }
    }
}
