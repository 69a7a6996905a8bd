// storekiller DIRECTORY: appends to a store for ever and writes the number of each acknowledged batch to standard
// output, to be killed at any instant. Batch k gives each of ten series the value k at k seconds.

import Foundation
import Model
import Storage
import TSDB

let seriesCount = 10
let directory = CommandLine.arguments[1]
var options = StoreOptions()
options.flushSamples = 2000
options.flushSamplesMin = 1000
options.mergeParts = 3
options.journalSegmentBytes = 64 << 10
options.freeBytesMin = 0

let store = try TimeSeriesStore(directory: directory, options: options)
let names = (0..<seriesCount).map { Labels([("__name__", "killed"), ("n", "\($0)")]) }
let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
var block = SeriesBlock()
try selection.read(0..<selection.count, into: &block)
var next = (block.timestampsMs.max() ?? 0) / 1000 + 1

while true {
    var batch = SampleBatch()
    for labels in names { batch.append(labels, [(timestampMs: next * 1000, value: Double(next))]) }
    let outcome = try store.append(&batch)
    precondition(outcome.acceptedSamples == seriesCount, "\(outcome)")
    try FileHandle.standardOutput.write(contentsOf: Data("\(next)\n".utf8))
    next += 1
}
