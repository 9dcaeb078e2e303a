import Foundation
import Statistics
import Testing

@Suite struct DistributionTests {
    @Test func studentTAgreesWithSciPy() throws {
        for point in try Fixture.scipy.get().tPoints {
            let distribution = StudentT(degreesOfFreedom: point.df)
            let what = "t = \(point.t), \(point.df) degrees"
            expect(distribution.cumulative(point.t), isNear: point.cdf, "cdf, \(what)")
            expect(distribution.survival(point.t), isNear: point.sf, "sf, \(what)")
            expect(distribution.density(point.t), isNear: point.pdf, "pdf, \(what)")
        }
    }

    @Test func quantilesAgreeWithSciPy() throws {
        for example in try Fixture.scipy.get().tQuantiles {
            expect(
                StudentT(degreesOfFreedom: example.df).quantile(example.p),
                isNear: example.quantile, "quantile \(example.p), \(example.df) degrees")
        }
    }

    /// Where SciPy itself has lost digits: one and two degrees have closed forms.
    @Test(arguments: [1e-300, 1e-9, 1e-3, 0.2, 0.24, 0.26, 0.4, 0.499999, 0.5 - 1e-12])
    func quantilesOfOneAndTwoDegreesAreClosedForms(p: Double) {
        // −cot πp, written so that nothing cancels next to ½.
        let cauchy = p < 0.25 ? -1 / tan(.pi * p) : tan(.pi * (p - 0.5))
        let second = (p - 0.5) * (2 / (p * (1 - p))).squareRoot()
        expect(StudentT(degreesOfFreedom: 1).quantile(p), isNear: cauchy, "\(p)")
        expect(StudentT(degreesOfFreedom: 2).quantile(p), isNear: second, "\(p)")
    }

    @Test func endsAreExact() {
        let distribution = StudentT(degreesOfFreedom: 3)
        #expect(distribution.cumulative(-.infinity) == 0)
        #expect(distribution.cumulative(.infinity) == 1)
        #expect(distribution.cumulative(0) == 0.5)
        #expect(distribution.quantile(0) == -.infinity)
        #expect(distribution.quantile(0.5) == 0)
        #expect(distribution.quantile(1) == .infinity)
        // The Cauchy tail 1/πt beyond where t² has left the range of numbers.
        expect(StudentT(degreesOfFreedom: 1).survival(1e200), isNear: 1 / (.pi * 1e200))
    }

    /// With many degrees, the normal distribution: cdf error of order 1/ν.
    @Test func manyDegreesAreNormal() {
        for x in [-3.0, -1, 0.5, 2] {
            let student = StudentT(degreesOfFreedom: 1e10).cumulative(x)
            #expect(abs(student / Normal.cumulative(x) - 1) < 1e-8)
        }
        for p in [1e-300, 1e-8, 0.1, 0.5, 0.7, 0.999] {
            let back = Normal.cumulative(Normal.quantile(p))
            #expect(abs(back / p - 1) < 1e-12, "\(p)")
        }
        #expect(abs(Normal.quantile(0.975) - 1.959963984540054) < 1e-14)
    }
}
