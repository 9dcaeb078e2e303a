// Trains with a loss of one's own, after a look at its gradient.
import Foundation
import Phidias

/// Half the square of what a logit lacks to be beyond ±1 on the side of its target.
struct SquaredHinge: Loss {
    let name = "squared-hinge"

    func evaluate(
        logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> Float {
        var sum: Float = 0
        for i in logits.indices {
            let sign = 2 * target[i] - 1
            let lack = max(0, 1 - sign * logits[i])
            gradient[i] = -sign * lack
            sum += lack * lack / 2
        }
        return sum
    }
}

/// The loss of logits whose first class is the target, and its gradient.
func evaluate(_ logits: [Float]) -> (loss: Float, gradient: [Float]) {
    let target = logits.indices.map { $0 == 0 ? Float(1) : 0 }
    var gradient = logits
    var span = gradient.mutableSpan
    let loss = SquaredHinge().evaluate(
        logits: logits.span, target: target.span, gradient: &span)
    return (loss, gradient)
}

// A wrong gradient still trains, only worse: compare it with differences of the loss.
let logits: [Float] = [0.25, -0.5, 1.5, -2]
let h: Float = 1 / 128
for i in logits.indices {
    var (above, below) = (logits, logits)
    above[i] += h
    below[i] -= h
    let slope = (evaluate(above).loss - evaluate(below).loss) / (2 * h)
    print("logit \(i): gradient \(evaluate(logits).gradient[i]), slope \(slope)")
}

let digits = try SyntheticDigits.pair(training: 10_000, test: 1_000, seed: 1)
for loss in [SquaredHinge(), SynapticLoss()] as [any Loss] {
    let trainer = try Trainer(
        model: Model(network: Network(hidden: [32]), seed: 1), loss: loss, batchSize: 16)
    try trainer.train(on: digits.training, epochs: 5)
    let test = try trainer.model.evaluate(digits.test, loss: loss)
    print("\(loss.name): test accuracy \(String(format: "%.1f", 100 * test.accuracy)) %")
}
