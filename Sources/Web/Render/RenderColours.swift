/// The colours of rendered pictures, as 0xRRGGBBAA.
struct RenderColours {
    let ground: UInt32
    let text: UInt32
    let soft: UInt32
    let grid: UInt32

    static let dark = RenderColours(ground: 0x181B_1FFF, text: 0xCCCC_DCFF, soft: 0x9A9A_A5FF, grid: 0x2F33_3AFF)
    static let light = RenderColours(ground: 0xFFFF_FFFF, text: 0x2429_2EFF, soft: 0x6060_66FF, grid: 0xE4E5_E8FF)
    static let warning: UInt32 = 0xFF98_30FF
    /// Of a heatmap's cells, whose strength is told by how opaque they are.
    static let heat: UInt32 = 0xFF98_30

    /// Of series: the first that the pages use too.
    static let palette: [UInt32] = [
        0x73BF_69FF, 0xF2CC_0CFF, 0x8AB8_FFFF, 0xFF78_0AFF, 0xF249_5CFF, 0x5794_F2FF, 0xB877_D9FF, 0x705D_A0FF,
        0x3787_2DFF, 0xFADE_2AFF, 0x447E_BCFF, 0xC15C_17FF,
    ]

    private static let hues: [(name: String, colour: UInt32)] = [
        ("red", 0xF249_5CFF), ("orange", 0xFF98_30FF), ("yellow", 0xFADE_2AFF), ("green", 0x73BF_69FF),
        ("blue", 0x5794_F2FF), ("purple", 0xB877_D9FF),
    ]

    /// A colour by Grafana's name, whatever its shade, or by its code; that of texts where it is neither.
    func named(_ name: String) -> UInt32 {
        if name.hasPrefix("#"), name.utf8.count == 7, let code = UInt32(name.dropFirst(), radix: 16) {
            return code << 8 | 0xFF
        }
        return Self.hues.first { name.hasSuffix($0.name) }?.colour ?? text
    }
}
