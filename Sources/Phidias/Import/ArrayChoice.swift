/// Which arrays of a file are images or features, and which are their labels.
struct ArrayChoice {
    /// One part: the places of its arrays among the headers.
    struct Part {
        var values: Int
        var labels: Int
    }

    let training: Part
    /// nil where there is none.
    let test: Part?
    /// What was found by looking, in sentences.
    private(set) var notes: [String] = []

    /// Names that people use: of values and labels, for training and for testing.
    private static let known = [
        ["x_train", "y_train", "x_test", "y_test"],
        ["train_images", "train_labels", "test_images", "test_labels"],
        ["x", "y"], ["images", "labels"], ["data", "target"], ["features", "labels"],
        ["data", "labels"], ["features", "targets"],
    ]

    /// - Throws: `TableError` if the names do not tell.
    init(_ source: some ArraySource, keys: [String]) throws(TableError) {
        let names = source.headers.map(\.name)
        let chosen: [Int]
        if keys.isEmpty {
            let lower = names.map { $0.lowercased() }
            let found = Self.known.compactMap { known -> [Int]? in
                let places = known.compactMap { lower.firstIndex(of: $0) }
                let half = Array(places.prefix(2))
                if places.count == known.count { return places }
                // A part alone has the names of the training part.
                return known.prefix(2).allSatisfy(lower.contains) ? half : nil
            }
            guard let first = found.first else {
                if names.count == 1 {
                    throw .noLabels(
                        path: source.path,
                        seen: "there is one array alone, \(source.headers[0].text)")
                }
                throw .whichArrays(path: source.path, found: source.headers.map(\.text))
            }
            chosen = first
            let left = names.indices.filter { !chosen.contains($0) }.map { names[$0] }
            if !left.isEmpty { notes.append("Left out: \(left.joined(separator: ", ")).") }
        } else {
            guard keys.count == 2 || keys.count == 4, Set(keys).count == keys.count else {
                throw .choice(
                    path: source.path,
                    reason: "two different arrays are needed, or four with those for testing")
            }
            var places: [Int] = []
            for key in keys {
                guard let place = names.firstIndex(of: key) else {
                    throw .choice(
                        path: source.path,
                        reason:
                            "there is no array '\(key)', but \(names.isEmpty ? "none at all" : names.joined(separator: ", "))"
                    )
                }
                places.append(place)
            }
            chosen = places
        }
        training = Part(values: chosen[0], labels: chosen[1])
        test = chosen.count == 4 ? Part(values: chosen[2], labels: chosen[3]) : nil
    }
}
