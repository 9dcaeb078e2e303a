/// What looks like a mistake in the labels of a data set, though it can be trained.
public enum DataDoubt: Sendable, Equatable, CustomStringConvertible {
    /// Classes without training images, of which `shown` tells the numbers or names.
    case empty(path: String, count: Int, shown: String)
    /// A class with very few of the training images, where others have about `usual`; `byte` is the
    /// place of its first label in the file, if it is one.
    case rare(path: String, byte: Int?, label: Int, name: String?, images: Int, usual: Int)
    /// So many more classes are as rare.
    case more(path: String, count: Int)

    public var description: String {
        switch self {
        case .empty(let path, let count, let shown):
            "\(path): \(count == 1 ? "class" : "\(count) classes without a training image:") \(shown)\(count == 1 ? " has no training image" : "")."
        case .rare(let path, let byte, let label, let name, let images, let usual):
            "\(path)\(byte.map { ": byte \($0)" } ?? ""): class \(label)\(name.map { ", '\($0)'," } ?? "") has \(images == 1 ? "one image" : "\(images) images"), where others have about \(usual): is the label right?"
        case .more(let path, let count):
            "\(path): \(count) more \(count == 1 ? "class has" : "classes have") so few images."
        }
    }
}

extension DataPair {
    /// Classes that have no training images, or so few that a label may be wrong: less than a
    /// fiftieth of what the others have (their median), or one or two where those have 20.
    public var doubts: [DataDoubt] {
        // Numbers to predict have no classes.
        guard !training.isRegression else { return [] }
        var counts = [Int](repeating: 0, count: training.classes)
        for label in training.labels { counts[Int(label)] += 1 }
        let path = labelsFile?.path ?? "The training images"
        let empty = counts.indices.filter { counts[$0] == 0 }
        var doubts: [DataDoubt] = []
        if !empty.isEmpty {
            doubts.append(.empty(path: path, count: empty.count, shown: shown(empty)))
        }
        let present = counts.filter { $0 > 0 }.sorted()
        let usual = present[present.count / 2]
        let rare = counts.indices.filter {
            counts[$0] > 0 && (50 * counts[$0] < usual || counts[$0] <= 2 && usual >= 20)
        }
        for label in rare.prefix(Self.mostShown) {
            let index = training.labels.firstIndex(of: UInt8(label)) ?? 0
            doubts.append(
                .rare(
                    path: path, byte: labelsFile.map { $0.start + index }, label: label,
                    name: training.classNames?[label], images: counts[label], usual: usual))
        }
        if rare.count > Self.mostShown {
            doubts.append(.more(path: path, count: rare.count - Self.mostShown))
        }
        return doubts
    }

    private static let mostShown = 5

    /// Classes by name, or their numbers in ranges.
    private func shown(_ labels: [Int]) -> String {
        if let names = training.classNames {
            let list = labels.prefix(Self.mostShown).map { "'\(names[$0])'" }
            return list.joined(separator: ", ") + (labels.count > list.count ? " …" : "")
        }
        var ranges: [ClosedRange<Int>] = []
        for label in labels {
            if let last = ranges.last, last.upperBound == label - 1 {
                ranges[ranges.count - 1] = last.lowerBound...label
            } else {
                ranges.append(label...label)
            }
        }
        let list = ranges.prefix(Self.mostShown).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
        }
        return list.joined(separator: ", ") + (ranges.count > list.count ? " …" : "")
    }
}
