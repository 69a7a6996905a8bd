// logkiller DIRECTORY: appends to a log store for ever and writes the number of each acknowledged batch to standard
// output, to be killed at any instant. Batch k gives each of five streams the line "line k" at k nanoseconds.

import Foundation
import LogDB
import Model
import Storage

let streams = (0..<5).map { Labels([("app", "killed"), ("n", "\($0)")]) }
var options = LogStoreOptions()
options.flushBytes = 64 << 10
options.mergeParts = 3
options.journalSegmentBytes = 64 << 10
options.freeBytesMin = 0

let store = try LogDatabase(directory: CommandLine.arguments[1], options: options)
var request = LogSelectRequest(matchers: [])
request.order = .newestFirst
request.limit = 1
var block = LogBlock()
var next: Int64 = 1
if try store.scan(request).next(into: &block) { next = block.timestampsNs[0] + 1 }

while true {
    var batch = LogBatch()
    for labels in streams {
        let stream = batch.appendStream(labels)
        batch.append(next, stream: stream, Array("line \(next)".utf8).span)
    }
    let outcome = try store.append(batch)
    precondition(outcome.accepted == streams.count, "\(outcome)")
    try FileHandle.standardOutput.write(contentsOf: Data("\(next)\n".utf8))
    next += 1
}
