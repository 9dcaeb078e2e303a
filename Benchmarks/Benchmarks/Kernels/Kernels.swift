import Benchmark
import KernelOperations

/// Every benchmark size of every operation, by the kernels and by tuned Swift. The cases verify
/// themselves when they are made. OpenMP's workers spin for 200 ms after a region: each case
/// begins with a pause, so that it does not share the processors with its predecessor's.
let benchmarks: @Sendable () -> Void = {
    let cases: [BenchmarkCase]
    do {
        cases = try BenchmarkCase.verified()
    } catch {
        fatalError("nothing is timed that fails its check: \(error)")
    }
    for item in cases {
        Benchmark(
            item.name,
            configuration: .init(
                metrics: [.wallClock, .throughput], warmupIterations: 3,
                maxDuration: .seconds(1), maxIterations: 100_000,
                setup: { try await Task.sleep(for: .milliseconds(250)) })
        ) { benchmark in
            var buffers = item.prepare()
            benchmark.startMeasurement()
            try item.run(&buffers)
            benchmark.stopMeasurement()
            blackHole(buffers)
        }
    }
}
