/// The functions of a header of C that whoever includes it calls.
struct CHeaderPredictions {
    private let model: Model
    private let name: String
    private let plan: CHeaderPlan

    init(_ model: Model, name: String, plan: CHeaderPlan) {
        (self.model, self.name, self.plan) = (model, name, plan)
    }

    private var network: Network { model.network }
    private var isNumeric: Bool { network.inputRange == .numbers }

    /// What the input of `predict` is.
    private var input: String {
        isNumeric ? "a row of numbers" : "an input in the range \(network.inputRange.rawValue)"
    }

    var text: String {
        let prediction = network.outputActivation == .identity ? numbers : classes
        return logits + prediction + (isNumeric ? "" : bytes)
    }

    // MARK: - Functions

    private var logits: String {
        """
        /* The logits of a\(isNumeric ? " standardized row" : "n input in the range \(network.inputRange.rawValue)"); work has \(name.uppercased())_WORK floats. */
        static inline void \(name)_logits(const float *input, float *logits, float *work) {
        \(plan.calls.map { "    \($0)" }.joined(separator: "\n"))
        }


        """
    }

    /// Statements that give the logits of what `predict` takes.
    private func body(_ target: String) -> String {
        guard model.scalings.input != nil else {
            return "    \(name)_logits(input, \(target), work);"
        }
        return """
                float *row = work + \(plan.inputPlace);
                for (int32_t i = 0; i < \(network.inputs); i++) {
                    row[i] = (input[i] - \(name)_input_center[i]) / \(name)_input_scale[i];
                }
                \(name)_logits(row, \(target), work);
            """
    }

    private var classes: String {
        let function: CHeaderFunction =
            network.outputActivation == .softmax ? .softmax : .sigmoid
        return """
            /* The class of \(input), and the probabilities of all. */
            static inline int \(name)_predict(const float *input, float *probabilities, float *work) {
                int best = 0;
            \(body("probabilities"))
                for (int i = 1; i < \(network.classes); i++) {
                    if (probabilities[i] > probabilities[best]) best = i;
                }
                \(name)_\(function)(probabilities, \(network.classes));
                return best;
            }


            """
    }

    private var numbers: String {
        let restore =
            model.scalings.output == nil
            ? ""
            : """

                for (int32_t i = 0; i < \(network.classes); i++) {
                    numbers[i] = numbers[i] * \(name)_output_scale[i] + \(name)_output_center[i];
                }
            """
        return """
            /* The numbers that are predicted for \(input). */
            static inline void \(name)_predict(const float *input, float *numbers, float *work) {
            \(body("numbers"))\(restore)
            }


            """
    }

    private var bytes: String {
        let range = network.inputRange
        let offset = range.offset == 0 ? "" : " + \(range.offset)f"
        let isNumber = network.outputActivation == .identity
        let results = isNumber ? "numbers" : "probabilities"
        return """
            /* The same of an image's bytes. */
            static inline \(isNumber ? "void" : "int") \(name)_predict_bytes(const uint8_t *image, float *\(results),
                                                    float *work) {
                float *input = work + \(plan.inputPlace);
                for (int32_t i = 0; i < \(network.inputs); i++) input[i] = (float)image[i] * \(range.scale)f\(offset);
                \(isNumber ? "" : "return ")\(name)_predict(input, \(results), work);
            }


            """
    }
}
