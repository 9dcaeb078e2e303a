/// Collects the metadata of a safetensors file: texts by key, in order.
struct MetadataWriter {
    private(set) var members: [JSON.Member] = []

    mutating func add(_ key: String, _ value: JSON) {
        members.append(.init(key: key, value: .string(value.stringValue ?? value.text())))
    }

    /// Adds the position of the training, and the name of its random generator.
    mutating func add(counts place: TrainingPosition) {
        add("epochs", .integer(place.epochs))
        add("steps", .integer(place.steps))
        add("loss_sum", .number(place.lossSum))
        add("correct", .integer(place.correct))
        add("generator", .string(CounterRandom.name))
    }

    /// Adds the last metadata: the times, and the checksum of the tensors.
    mutating func add(timing place: TrainingPosition, tensors: [NamedTensor]) {
        add(
            "timing",
            .members(["seconds": .number(place.seconds), "epoch": .number(place.epochSeconds)]))
        add("tensors_sha256", .string(Safetensors.sha256(tensors)))
    }
}

extension Metadata {
    func checkGenerator() throws(ModelFileError) {
        let generator = try text("generator")
        guard generator == CounterRandom.name else {
            throw wrong("generator", "'\(generator)' is unknown to this program")
        }
    }

    func checkSum(of tensors: [NamedTensor]) throws(ModelFileError) {
        guard try text("tensors_sha256") == Safetensors.sha256(tensors) else {
            throw wrong("tensors_sha256", "the tensors are not those that were written")
        }
    }

    func position() throws(ModelFileError) -> TrainingPosition {
        var place = TrainingPosition()
        place.epochs = try count("epochs")
        place.steps = try count("steps")
        place.correct = try count("correct")
        place.lossSum = try number("loss_sum")
        let timing = try json("timing")
        place.seconds = timing["seconds"]?.doubleValue ?? 0
        place.epochSeconds = timing["epoch"]?.doubleValue ?? 0
        return place
    }

    /// The largest count that `count(_:)` reads.
    static let largestCount = 1 << 48
}

extension TrainingState {
    /// The version of the files that hold it.
    var formatVersion: Int { secondMoments == nil ? 1 : 2 }

    /// Parameters, velocity and, of Adam, second moments.
    var tensors: [NamedTensor] {
        let network = model.network
        return model.tensors + network.tensors(of: velocity, under: "velocity.")
            + (secondMoments.map { network.tensors(of: $0, under: TensorSource.second) } ?? [])
    }

    private func check(_ values: [LayerParameters], _ what: String) throws(CheckpointError) {
        do {
            let moving = try Model(network: model.network, parameters: values)
            if let layer = moving.firstNonFiniteLayer {
                throw CheckpointError.inconsistent(
                    "a \(what) of layer \(layer) is NaN or infinite")
            }
        } catch let error as ModelError {
            throw .inconsistent("the \(what) does not fit: \(error.description.dropLast())")
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .inconsistent("the \(what) does not fit")
        }
    }

    /// Checks that a file of this state could be read again.
    func checkForFile() throws(CheckpointError) {
        try check(velocity, "velocity")
        if let secondMoments {
            try check(secondMoments, "second moment")
            let all = secondMoments.flatMap { [$0.weight, $0.bias] }
            guard !all.contains(where: { $0.contains { $0 < 0 } }) else {
                throw .inconsistent("a second moment is below 0")
            }
        }
        if let layer = model.firstNonFiniteLayer {
            throw .inconsistent("a parameter of layer \(layer) is NaN or infinite")
        }
        let counts = [position.epochs, position.steps, position.correct]
        guard counts.allSatisfy({ (0...Metadata.largestCount).contains($0) }) else {
            throw .inconsistent("epochs, steps and correct answers are counts, not \(counts)")
        }
        let numbers = [position.lossSum, position.seconds, position.epochSeconds]
        guard numbers.allSatisfy(\.isFinite) else {
            throw .inconsistent("a sum of losses or seconds is not finite: \(numbers)")
        }
    }
}
