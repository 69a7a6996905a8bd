// storemodel SEEDS STEPS: so many runs of so many random steps against the store and a map, each with a seed of its own from
// a fresh one on (or from OBS_SEED), which is printed. Ends with 1 at the first difference.

import Foundation
import TestSupport

guard CommandLine.arguments.count == 3, let seeds = UInt64(CommandLine.arguments[1]),
    let steps = Int(CommandLine.arguments[2])
else {
    print("usage: StoreModel SEEDS STEPS")
    exit(2)
}
let first = SeededGenerator.announced().seed
for number in 0..<seeds {
    let seed = first &+ number
    do {
        try StoreModel.run(SeededGenerator(seed: seed), steps: steps)
    } catch {
        print("OBS_SEED=\(seed): \(error)")
        exit(1)
    }
}
print("\(seeds) seeds, \(Int(seeds) * steps) steps: identical")
