/// What XFS counts for each of its file systems.
final class XfsCollector: Collector {
    static let definition = CollectorDefinition("xfs") { host, _ in XfsCollector(host) }

    /// The line of the statistics, its columns as metrics (empty ones are not shown), in the kernel's order.
    private static let lines: [String: [String]] = [
        "extent_alloc": [
            "extent_allocation_extents_allocated", "extent_allocation_blocks_allocated",
            "extent_allocation_extents_freed", "extent_allocation_blocks_freed",
        ],
        "abt": [
            "allocation_btree_lookups", "allocation_btree_compares", "allocation_btree_records_inserted",
            "allocation_btree_records_deleted",
        ],
        "blk_map": [
            "block_mapping_reads", "block_mapping_writes", "block_mapping_unmaps",
            "block_mapping_extent_list_insertions", "block_mapping_extent_list_deletions",
            "block_mapping_extent_list_lookups", "block_mapping_extent_list_compares",
        ],
        "bmbt": [
            "block_map_btree_lookups", "block_map_btree_compares", "block_map_btree_records_inserted",
            "block_map_btree_records_deleted",
        ],
        "dir": [
            "directory_operation_lookup", "directory_operation_create", "directory_operation_remove",
            "directory_operation_getdents",
        ],
        "ig": [
            "inode_operation_attempts", "inode_operation_found", "inode_operation_recycled", "inode_operation_missed",
            "inode_operation_duplicates", "inode_operation_reclaims", "inode_operation_attribute_changes",
        ],
        "rw": ["write_calls", "read_calls"],
        "vnodes": [
            "vnode_active", "vnode_allocate", "vnode_get", "vnode_hold", "vnode_release", "vnode_reclaim",
            "vnode_remove",
        ],
    ]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("fs/xfs")
        let devices = host.list(folder).filter { $0 != "stats" }
        guard !devices.isEmpty else { throw .noData("there is no XFS") }
        for device in devices where host.reads("\(folder)/\(device)/stats/stats", into: &text) {
            while text.nextLine() {
                let line = text.string(0)
                for (index, metric) in (Self.lines[line] ?? []).enumerated() {
                    guard let value = text.number(index + 1) else { continue }
                    let family = page.family(
                        "node_xfs_\(metric)_total", .counter, "Column \(index + 1) of the line \(line) of XFS.")
                    page.add(family, value, "device", device)
                }
            }
        }
    }
}
