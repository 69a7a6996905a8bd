// storebench ingest|wide|recovery|scan DIRECTORY: measures a store in this process, without HTTP, and prints one figure a
// line: a name and a value. Build it in release.

import Foundation
import Model
import Storage
import TSDB

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: storebench ingest|wide|recovery|scan DIRECTORY")
    exit(2)
}
let directory = arguments[2]
switch arguments[1] {
case "ingest": try measureIngest(directory)
case "wide": try measureWide(directory)
case "recovery": try measureRecovery(directory)
case "scan": try measureScan(directory)
default: exit(2)
}
