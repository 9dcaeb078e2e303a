import ArgumentParser
import Phidias

/// How training images are changed in every epoch; all off unless asked for.
struct AugmentationOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Most pixels that an image moves along each axis.")
    var shift = 0.0
    @Option(parsing: .unconditional, help: "Most degrees that it turns, either way.")
    var rotation = 0.0
    @Option(
        parsing: .unconditional,
        help:
            "Most pixels along each axis that control points are displaced: elastic distortion, such as 3."
    )
    var elastic = 0.0
    @Option(
        parsing: .unconditional, help: "With --elastic: pixels from a control point to the next.")
    var elasticSpacing = Augmentation.usualSpacing

    /// nil if nothing is asked for.
    func augmentation() throws -> Augmentation? {
        let all = try Augmentation(
            shift: shift, rotation: rotation, elastic: elastic, elasticSpacing: elasticSpacing)
        return all.isNone ? nil : all
    }

    /// What a run records; nil of what is off.
    var settings: [(name: String, value: String?)] {
        func number(_ value: Double) -> String? { value == 0 ? nil : String(value) }
        return [
            ("shift", number(shift)), ("rotation", number(rotation)), ("elastic", number(elastic)),
            ("elastic_spacing", elastic == 0 ? nil : String(elasticSpacing)),
        ]
    }
}
