/// The functions of a header of C, in the order in which they stand there.
enum CHeaderFunction: String, CaseIterable, CustomStringConvertible {
    case exp, sigmoid, relu, tanh
    case leakyReLU = "leaky_relu"
    case softmax, dense, conv
    case maxPool = "max_pool"
    case averagePool = "average_pool"

    var description: String { rawValue }

    /// The function's text, for a header whose functions begin with `name`.
    func text(_ name: String) -> String {
        switch self {
        case .exp: Self.exp(name)
        case .sigmoid:
            Self.activation("\(name)_\(self)", "1.0f / (1.0f + \(name)_exp(-values[i]))")
        case .relu: Self.activation("\(name)_\(self)", "values[i] > 0.0f ? values[i] : 0.0f")
        case .tanh:
            Self.activation(
                "\(name)_\(self)", "1.0f - 2.0f / (1.0f + \(name)_exp(2.0f * values[i]))")
        case .leakyReLU:
            Self.activation(
                "\(name)_\(self)", "values[i] > 0.0f ? values[i] : 0.01f * values[i]")
        case .softmax: Self.softmax(name)
        case .dense: Self.dense(name)
        case .conv: Self.conv(name)
        case .maxPool:
            Self.pool(
                "\(name)_\(self)", "The largest value of each window.",
                "-3.402823466e38f", "if (*at > value) value = *at;", "value")
        case .averagePool:
            Self.pool(
                "\(name)_\(self)", "The mean of each window.", "0.0f", "value += *at;",
                "value / (float)(window_rows * window_columns)")
        }
    }

    /// e to the r + n ln 2, r at most half of ln 2: the series of r up to its 7th power, an error of
    /// about 10⁻⁷. Half of ln 2's digits go first, so that the product with n is exact.
    private static func exp(_ name: String) -> String {
        """
        /* e to the x, with a relative error of about 1e-7; x is held between -87 and 88. */
        static inline float \(name)_exp(float x) {
            union { uint32_t bits; float value; } power;
            int n;
            float r;
            x = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
            n = (int)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
            r = (x - (float)n * 0.693145752f) - (float)n * 1.42860677e-6f;
            power.bits = (uint32_t)(n + 127) << 23;
            return power.value * (1.0f + r * (1.0f + r * (0.5f + r * (1.66666667e-1f +
                   r * (4.16666667e-2f + r * (8.33333333e-3f + r * (1.38888889e-3f +
                   r * 1.98412698e-4f)))))));
        }

        """
    }

    private static func activation(_ function: String, _ value: String) -> String {
        """
        static inline void \(function)(float *values, int32_t count) {
            for (int32_t i = 0; i < count; i++) values[i] = \(value);
        }

        """
    }

    private static func softmax(_ name: String) -> String {
        """
        static inline void \(name)_softmax(float *values, int32_t count) {
            float largest = values[0], sum = 0.0f;
            for (int32_t i = 1; i < count; i++) {
                if (values[i] > largest) largest = values[i];
            }
            for (int32_t i = 0; i < count; i++) {
                values[i] = \(name)_exp(values[i] - largest);
                sum += values[i];
            }
            for (int32_t i = 0; i < count; i++) values[i] /= sum;
        }

        """
    }

    private static func dense(_ name: String) -> String {
        """
        static inline void \(name)_dense(const float *input, float *output, int32_t inputs,
                                  int32_t outputs, const float *weight, const float *bias) {
            for (int32_t o = 0; o < outputs; o++) {
                float sum = bias[o];
                for (int32_t i = 0; i < inputs; i++) sum += *weight++ * input[i];
                output[o] = sum;
            }
        }

        """
    }

    private static func conv(_ name: String) -> String {
        """
        static inline void \(name)_conv(const float *input, float *output, int32_t channels,
                                 int32_t rows, int32_t columns, int32_t out_channels,
                                 int32_t out_rows, int32_t out_columns, int32_t kernel_rows,
                                 int32_t kernel_columns, int32_t stride_rows,
                                 int32_t stride_columns, int32_t pad_rows, int32_t pad_columns,
                                 const float *weight, const float *bias) {
            for (int32_t o = 0; o < out_channels; o++) {
                const float *kernel = weight + o * channels * kernel_rows * kernel_columns;
                for (int32_t y = 0; y < out_rows; y++) {
                    for (int32_t x = 0; x < out_columns; x++) {
                        const float *w = kernel;
                        float sum = bias[o];
                        for (int32_t c = 0; c < channels; c++) {
                            for (int32_t i = 0; i < kernel_rows; i++) {
                                int32_t row = y * stride_rows + i - pad_rows;
                                for (int32_t j = 0; j < kernel_columns; j++, w++) {
                                    int32_t column = x * stride_columns + j - pad_columns;
                                    if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
                                    sum += *w * input[(c * rows + row) * columns + column];
                                }
                            }
                        }
                        *output++ = sum;
                    }
                }
            }
        }

        """
    }

    private static func pool(
        _ function: String, _ what: String, _ start: String, _ step: String, _ result: String
    ) -> String {
        """
        /* \(what) */
        static inline void \(function)(const float *input, float *output, int32_t channels,
            int32_t rows, int32_t columns, int32_t out_channels, int32_t out_rows,
            int32_t out_columns, int32_t window_rows, int32_t window_columns, int32_t stride_rows,
            int32_t stride_columns) {
            (void)channels;
            for (int32_t c = 0; c < out_channels; c++, input += rows * columns) {
                for (int32_t y = 0; y < out_rows; y++) {
                    for (int32_t x = 0; x < out_columns; x++) {
                        float value = \(start);
                        for (int32_t i = 0; i < window_rows; i++) {
                            const float *at = input + (y * stride_rows + i) * columns + x * stride_columns;
                            for (int32_t j = 0; j < window_columns; j++, at++) { \(step) }
                        }
                        *output++ = \(result);
                    }
                }
            }
        }

        """
    }
}
