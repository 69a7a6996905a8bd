import Glibc

exit(MarketplaceProgram.run(CommandLine.arguments))
