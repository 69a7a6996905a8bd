import Glibc
import Posix

SignalReceiver.unblock()
exit(Program.run(CommandLine.arguments).rawValue)
