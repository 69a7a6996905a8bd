/// What udev noted of a device, from its data base of text files.
struct UdevProperties {
    private var values: [String: String] = [:]

    /// - Parameter device: as the data base names it: `b8:0` for the block device with these numbers.
    init(of device: String, on host: HostFiles) {
        var text = FieldText()
        guard host.reads("\(host.udevData)/\(device)", into: &text) else { return }
        while text.nextLine() {
            let line = text.lineText
            guard line.hasPrefix("E:"), let equals = line.firstIndex(of: "=") else { continue }
            values[String(line[..<equals].dropFirst(2))] = String(line[line.index(after: equals)...])
        }
    }

    /// Empty where udev knows nothing of the name.
    subscript(name: String) -> String { values[name] ?? "" }

    /// The serial number of a disk: what the bus says is truer than what is made up of model and number.
    var serial: String {
        for name in ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"] {
            if let value = values[name], !value.isEmpty { return value }
        }
        return ""
    }
}
