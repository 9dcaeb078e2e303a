import Phidias

/// The settings that a reader asks for first, in one line: network, loss, learning rate and momentum,
/// schedule, epochs, batch and seed, and what differs from the defaults.
enum SettingsLine {
    /// A file may say much: so many parts, and characters of one, are a line.
    private static let mostParts = 24, longestPart = 80
    private static let usual = TrainingSettings()

    /// - Parameter skipped: settings that stand elsewhere.
    static func text(_ settings: [RunDocument.Setting], skipped: Set<String> = []) -> String {
        let values = Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        var parts: [String] = []
        for setting in settings where !skipped.contains(setting.name) {
            if let part = part(setting, values) { parts.append(short(part, longestPart)) }
        }
        let left = parts.count - mostParts
        return parts.prefix(mostParts).joined(separator: " · ") + (left > 0 ? " …" : "")
    }

    private static func short(_ text: String, _ length: Int) -> String {
        text.count <= length ? text : "\(text.prefix(length - 1))…"
    }

    /// Nil of what goes without saying.
    private static func part(
        _ setting: RunDocument.Setting, _ values: [String: String]
    ) -> String? {
        let value = setting.value
        switch setting.name {
        case "data": return value == "synthetic" ? "synthetic digits" : "data \(value)"
        case "hidden":
            if value == "0" { return "no hidden layer" }
            return "hidden \(value)" + (values["activation"].map { " \($0)" } ?? "")
        case "activation": return values["hidden"] == nil ? "activation \(value)" : nil
        case "network": return value == "none" ? nil : "network \(value)"
        case "loss": return "\(value) loss"
        case "optimizer": return value == "sgd" ? nil : value
        case "learning_rate":
            return value == "golden" && values["momentum"] == "golden"
                ? "golden η and α" : "η \(value)"
        case "momentum":
            return value == "golden" && values["learning_rate"] == "golden" ? nil : "α \(value)"
        case "schedule": return value == "constant" ? "constant η" : "schedule \(value)"
        case "epochs": return Int(value)?.counted("epoch") ?? "epochs \(value)"
        case "batch_size": return "batch \(value)"
        case "seed": return "seed \(value)"
        default: return other(setting)
        }
    }

    private static func other(_ setting: RunDocument.Setting) -> String? {
        let name = setting.name.replacing("_", with: " ")
        if let known = TrainingSetting.named(setting.name) {
            let isUsual = (known.text(of: usual) ?? known.absent).map {
                known.isSame($0, setting.value)
            }
            if isUsual == true || known.group == .checkpoints && known.traits.contains(.neutral) {
                return nil
            }
        }
        switch setting.value {
        case "none", "false": return nil
        case "true": return name
        default: return "\(name) \(setting.value)"
        }
    }
}
