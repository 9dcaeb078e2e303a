import FoundationEssentials
import Glibc
import Phidias
import Statistics

/// What TensorBoard shows at a step: numbers, pictures and histograms under names.
struct TensorBoardEvent {
    private let step: Int
    private var summary = ProtobufMessage()

    init(step: Int) { self.step = step }

    /// The event as it is written, now.
    var message: ProtobufMessage {
        var event = Self.now(step)
        event.add(5, message: summary)
        return event
    }

    // MARK: - Whole events

    /// The first one of a file.
    static var version: ProtobufMessage {
        var event = now(0)
        event.add(3, text: "brain.Event:2")
        return event
    }

    /// Points of this step and later ones that are there already are not shown any more.
    static func start(at step: Int) -> ProtobufMessage {
        var session = ProtobufMessage()
        session.add(1, integer: 1)
        var event = now(step)
        event.add(7, message: session)
        return event
    }

    private static func now(_ step: Int) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(1, double: Date().timeIntervalSince1970)
        event.add(2, integer: step)
        return event
    }

    // MARK: - Values

    mutating func add(_ name: String, _ number: Double) {
        add(name) { $0.add(2, float: Float(number)) }
    }

    /// A model's filters, if they can be drawn, and its parameters.
    mutating func add(_ model: Model) {
        let layer = model.network.weighted[0].index
        if let picture = Self.picture(model, layer), let file = try? PNG.encode(picture) {
            var image = ProtobufMessage()
            image.add(1, integer: picture.height)
            image.add(2, integer: picture.width)
            image.add(3, integer: picture.channels)
            image.add(4, bytes: file)
            add("filters/layers.\(layer)") { $0.add(4, message: image) }
        }
        for (layer, values) in zip(model.network.weighted, model.parameters) {
            for (kind, values) in [("weight", values.weight), ("bias", values.bias)] {
                guard let histogram = Self.histogram(values) else { continue }
                add("layers.\(layer.index)/\(kind)") { $0.add(5, message: histogram) }
            }
        }
    }

    private mutating func add(_ name: String, _ fill: (inout ProtobufMessage) -> Void) {
        var value = ProtobufMessage()
        value.add(1, text: name)
        fill(&value)
        summary.add(1, message: value)
    }

    /// Pixels that a picture's side has about.
    private static let side = 800.0

    /// nil for filters that are too many for a picture.
    private static func picture(_ model: Model, _ layer: Int) -> Image? {
        let weights = Double(model.parameters[0].weight.count)
        var drawing = FilterImage()
        drawing.scale = max(1, min(16, Int(side / weights.squareRoot())))
        return try? drawing.draw(model, layer: layer)
    }

    private static let bins = 64

    /// The numbers in bins of equal width, with what their mean and deviation follow from; nil if one
    /// is not finite.
    private static func histogram(_ values: [Float]) -> ProtobufMessage? {
        guard let smallest = values.min(), let largest = values.max(), smallest.isFinite,
            largest.isFinite, values.allSatisfy(\.isFinite)
        else { return nil }
        var limits = [Double(largest)]
        var counts = [Double(values.count)]
        var (sum, squares) = (0.0, 0.0)
        if smallest < largest {
            var histogram = Histogram(Double(smallest)...Double(largest), bins: bins)
            for value in values { histogram.add(Double(value)) }
            limits = Array(histogram.edges.dropFirst())
            counts = histogram.counts.map(Double.init)
        }
        for value in values {
            sum += Double(value)
            squares += Double(value) * Double(value)
        }
        var message = ProtobufMessage()
        let facts = [Double(smallest), Double(largest), Double(values.count), sum, squares]
        for (field, value) in facts.enumerated() { message.add(field + 1, double: value) }
        message.add(6, doubles: limits)
        message.add(7, doubles: counts)
        return message
    }
}
