// storebench ingest|wide|recovery|scan|regex DIRECTORY, storebench replay RECORDING DIRECTORY: measures a store in this
// process, without HTTP, and prints one figure a line: a name and a value. Build it in release.

import Foundation
import Model
import Storage
import TSDB

let arguments = CommandLine.arguments
guard arguments.count == (arguments.dropFirst().first == "replay" ? 4 : 3) else {
    print("usage: storebench ingest|wide|recovery|scan|regex DIRECTORY or storebench replay RECORDING DIRECTORY")
    exit(2)
}
let directory = arguments[arguments.count - 1]
switch arguments[1] {
case "replay": try measureReplay(arguments[2], directory)

case "ingest": try measureIngest(directory)
case "wide": try measureWide(directory)
case "recovery": try measureRecovery(directory)
case "scan": try measureScan(directory)
case "regex": try measureRegex(directory)
default: exit(2)
}
