import Model
import PromQL

/// One command of a promqltest script.
enum ScriptCommand {
    case clear
    case load(Load)
    case evaluate(Evaluation)

    struct Load {
        var stepMs: Int64
        /// Classic histograms are stored once more as native ones with custom buckets.
        var withCustomBuckets: Bool
        var series: [(description: SeriesDescription, startOffsetsMs: [Int64?])] = []
    }

    struct Evaluation {
        enum Times {
            case instant(Int64)
            case range(startMs: Int64, endMs: Int64, stepMs: Int64)
        }

        enum Annotations {
            case unchecked
            case none
            /// Each expectation finds a text and each text an expectation; no expectation takes any text.
            case some([TextExpectation])
        }

        var line: Int
        var expression: String
        var times: Times
        var fails: TextExpectation?
        var warnings = Annotations.unchecked
        var infos = Annotations.unchecked
        var isOrdered = false
        /// The result is samples at these times instead of a value for each instant.
        var samples: (startMs: Int64, stepMs: Int64)?
        var string: String?
        var scalar: Double?
        var series: [SeriesDescription] = []
    }
}

/// What a text has to be.
enum TextExpectation {
    case anything
    case exactly(String)
    case matching(String)
}
