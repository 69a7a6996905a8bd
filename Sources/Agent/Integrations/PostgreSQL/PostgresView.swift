import Databases

/// One statement whose rows become samples: columns that are named as labels, and the others as metrics.
struct PostgresView: Sendable {
    typealias Metric = (column: String, kind: MetricPage.Kind, help: String)

    /// What stands before the names of columns.
    let prefix: String
    let labels: [String]
    let metrics: [Metric]
    let statement: String
    /// A relation without which the statement cannot run, that servers may lack.
    var relation: String?
    var versions: Range<Int> = 0..<Int.max

    init(
        _ prefix: String, labels: [String] = [], _ metrics: [Metric], _ statement: String, relation: String? = nil,
        versions: Range<Int> = 0..<Int.max
    ) {
        (self.prefix, self.labels, self.metrics, self.statement) = (prefix, labels, metrics, statement)
        (self.relation, self.versions) = (relation, versions)
    }

    func isOf(_ version: Int, _ relations: Set<String>) -> Bool {
        versions.contains(version) && (relation.map(relations.contains) ?? true)
    }

    /// Adds a sample for each row and metric; NULL is none. Of columns of one name the last counts.
    func add(_ rows: PostgresRows, _ common: [MetricPage.Label], _ page: inout MetricPage) {
        let place = Dictionary(zip(rows.columns, rows.columns.indices), uniquingKeysWith: { $1 })
        for row in rows.rows {
            func text(_ column: String) -> String? { place[column].flatMap { row[$0] } }
            let labels = common + labels.map { ($0, text($0) ?? "") }
            for metric in metrics {
                guard let value = text(metric.column).flatMap({ Double($0) }) else { continue }
                page.add("\(prefix)_\(metric.column)", metric.kind, metric.help, value, labels)
            }
        }
    }
}

extension PostgresView {
    /// Counters that have their view's names, each with what it counts.
    private static func counters(_ columns: [(String, String)]) -> [Metric] {
        columns.map { ($0.0, .counter, $0.1) }
    }

    /// Asked once for each server.
    static let ofServer = [
        PostgresView(
            "pg", labels: ["version", "short_version"], [("static", .gauge, "What the server is.")],
            """
            SELECT 1 AS static, version() AS version, split_part(current_setting('server_version'), ' ', 1)
                AS short_version
            """),
        PostgresView(
            "pg_postmaster", [("start_time_seconds", .gauge, "When the server was started.")],
            "SELECT extract(epoch FROM pg_postmaster_start_time()) AS start_time_seconds"),
        PostgresView(
            "pg_settings",
            [
                ("max_connections", .gauge, "Connections that there can be."),
                ("shared_buffers_bytes", .gauge, "Memory for pages."),
                ("work_mem_bytes", .gauge, "Memory of one sort or hash."),
                ("effective_cache_size_bytes", .gauge, "What the planner takes caches for."),
                ("max_wal_size_bytes", .gauge, "Log between two checkpoints."),
                ("autovacuum", .gauge, "1 if tables are cleaned by themselves."),
                ("random_page_cost", .gauge, "What the planner takes a page out of order for."),
            ],
            """
            SELECT max(setting::float8) FILTER (WHERE name = 'max_connections') AS max_connections,
                max(pg_size_bytes(current_setting(name))) FILTER (WHERE name = 'shared_buffers')
                    AS shared_buffers_bytes,
                max(pg_size_bytes(current_setting(name))) FILTER (WHERE name = 'work_mem') AS work_mem_bytes,
                max(pg_size_bytes(current_setting(name))) FILTER (WHERE name = 'effective_cache_size')
                    AS effective_cache_size_bytes,
                max(pg_size_bytes(current_setting(name))) FILTER (WHERE name = 'max_wal_size') AS max_wal_size_bytes,
                max((setting = 'on')::int) FILTER (WHERE name = 'autovacuum') AS autovacuum,
                max(setting::float8) FILTER (WHERE name = 'random_page_cost') AS random_page_cost
            FROM pg_settings WHERE name IN ('max_connections', 'shared_buffers', 'work_mem', 'effective_cache_size',
                'max_wal_size', 'autovacuum', 'random_page_cost')
            """),
        PostgresView(
            "pg_stat_activity", labels: ["datname", "state"],
            [
                ("count", .gauge, "Connections by state."),
                ("max_tx_duration", .gauge, "Seconds of the longest transaction."),
            ],
            """
            SELECT d.datname, s.state, coalesce(a.count, 0) AS count, coalesce(a.longest, 0) AS max_tx_duration
            FROM (VALUES ('active'), ('idle'), ('idle in transaction'), ('idle in transaction (aborted)'),
                ('fastpath function call'), ('disabled')) AS s (state)
            CROSS JOIN (SELECT datname FROM pg_database WHERE datallowconn) AS d
            LEFT JOIN (SELECT datname, state, count(*) AS count,
                extract(epoch FROM max(now() - xact_start)) AS longest FROM pg_stat_activity GROUP BY datname, state)
                AS a ON a.datname = d.datname AND a.state = s.state
            """),
        PostgresView(
            "pg_long_running",
            [
                ("transactions", .gauge, "Transactions that have run for a minute."),
                ("transactions_oldest_timestamp_seconds", .gauge, "Seconds of the oldest of them."),
            ],
            """
            SELECT count(*) AS transactions,
                coalesce(max(extract(epoch FROM now() - xact_start)), 0) AS transactions_oldest_timestamp_seconds
            FROM pg_stat_activity WHERE state IS DISTINCT FROM 'idle' AND backend_type = 'client backend'
                AND now() - xact_start > interval '1 minute'
            """),
        PostgresView(
            "pg_database", labels: ["datname"],
            [("size_bytes", .gauge, "Bytes on disk."), ("connection_limit", .gauge, "Connections allowed, or -1.")],
            """
            SELECT datname, pg_database_size(oid) AS size_bytes, datconnlimit AS connection_limit FROM pg_database
            WHERE datallowconn AND has_database_privilege(oid, 'CONNECT')
            """),
        PostgresView(
            "pg_stat_database", labels: ["datid", "datname"],
            [("numbackends", .gauge, "Connections."), ("stats_reset", .counter, "When counting began anew.")]
                + counters([
                    ("xact_commit", "Transactions committed."), ("xact_rollback", "Transactions rolled back."),
                    ("blks_read", "Blocks read from disk."), ("blks_hit", "Blocks found in memory."),
                    ("tup_returned", "Rows read."), ("tup_fetched", "Rows fetched by queries."),
                    ("tup_inserted", "Rows inserted."), ("tup_updated", "Rows updated."),
                    ("tup_deleted", "Rows deleted."), ("conflicts", "Queries ended for the recovery of a replica."),
                    ("temp_files", "Temporary files."), ("temp_bytes", "Bytes of temporary files."),
                    ("deadlocks", "Deadlocks."), ("blk_read_time", "Milliseconds spent reading blocks."),
                    ("blk_write_time", "Milliseconds spent writing blocks."),
                ]),
            """
            SELECT *, datid, coalesce(datname, '') AS datname,
                extract(epoch FROM stats_reset) AS stats_reset FROM pg_stat_database
            """),
        PostgresView(
            "pg_stat_bgwriter",
            counters([
                ("checkpoints_timed_total", "Checkpoints because it was time."),
                ("checkpoints_req_total", "Checkpoints asked for."),
                ("checkpoint_write_time_total", "Milliseconds of writing at checkpoints."),
                ("checkpoint_sync_time_total", "Milliseconds of syncing at checkpoints."),
                ("buffers_checkpoint_total", "Buffers written at checkpoints."),
                ("buffers_clean_total", "Buffers written in the background."),
                ("maxwritten_clean_total", "Rounds that stopped for having written enough."),
                ("buffers_backend_total", "Buffers written by connections themselves."),
                ("buffers_backend_fsync_total", "Syncs by connections themselves."),
                ("buffers_alloc_total", "Buffers taken."), ("stats_reset_total", "When counting began anew."),
            ]),
            """
            SELECT checkpoints_timed AS checkpoints_timed_total, checkpoints_req AS checkpoints_req_total,
                checkpoint_write_time AS checkpoint_write_time_total,
                checkpoint_sync_time AS checkpoint_sync_time_total,
                buffers_checkpoint AS buffers_checkpoint_total, buffers_clean AS buffers_clean_total,
                maxwritten_clean AS maxwritten_clean_total, buffers_backend AS buffers_backend_total,
                buffers_backend_fsync AS buffers_backend_fsync_total, buffers_alloc AS buffers_alloc_total,
                extract(epoch FROM stats_reset) AS stats_reset_total FROM pg_stat_bgwriter
            """, versions: 0..<170_000),
        PostgresView(
            "pg_stat_checkpointer",
            counters([
                ("num_timed_total", "Checkpoints because it was time."),
                ("num_requested_total", "Checkpoints asked for."),
                ("write_time_total", "Milliseconds of writing."), ("sync_time_total", "Milliseconds of syncing."),
                ("buffers_written_total", "Buffers written."),
            ]),
            """
            SELECT num_timed AS num_timed_total, num_requested AS num_requested_total,
                write_time AS write_time_total, sync_time AS sync_time_total,
                buffers_written AS buffers_written_total FROM pg_stat_checkpointer
            """, relation: "pg_stat_checkpointer"),
        // Columns differ by version: 18 counts bytes where 16 and 17 count operations of `op_bytes`.
        PostgresView(
            "pg_stat_io", labels: ["backend_type", "object", "context"],
            counters([
                ("reads_total", "Reads."), ("read_bytes_total", "Bytes read."),
                ("read_time_seconds_total", "Seconds of reading, where track_io_timing is on."),
                ("writes_total", "Writes."), ("write_bytes_total", "Bytes written."),
                ("write_time_seconds_total", "Seconds of writing, where track_io_timing is on."),
                ("extends_total", "Extensions of a file."), ("hits_total", "Blocks found in memory."),
                ("evictions_total", "Blocks that made room for others."),
                ("reuses_total", "Blocks used again in a ring of a bulk operation."),
                ("fsyncs_total", "Syncs."),
            ]),
            """
            SELECT backend_type, object, context, reads AS reads_total, writes AS writes_total,
                extends AS extends_total, hits AS hits_total, evictions AS evictions_total, reuses AS reuses_total,
                fsyncs AS fsyncs_total, read_time / 1000 AS read_time_seconds_total,
                write_time / 1000 AS write_time_seconds_total,
                coalesce((to_jsonb(s) ->> 'read_bytes')::float8, reads * (to_jsonb(s) ->> 'op_bytes')::float8)
                    AS read_bytes_total,
                coalesce((to_jsonb(s) ->> 'write_bytes')::float8, writes * (to_jsonb(s) ->> 'op_bytes')::float8)
                    AS write_bytes_total
            FROM pg_stat_io AS s
            """, relation: "pg_stat_io", versions: 160_000..<Int.max),
        PostgresView(
            "pg_replication",
            [
                ("lag_seconds", .gauge, "How far a replica is behind."),
                ("is_replica", .gauge, "1 if the server replays another's log."),
            ],
            """
            SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END AS lag_seconds,
                pg_is_in_recovery()::int AS is_replica
            """),
        PostgresView(
            "pg_stat_replication", labels: ["application_name", "client_addr", "state"],
            [
                ("pg_wal_lsn_diff", .gauge, "Bytes of the log that a replica has not replayed."),
                ("replay_lag_seconds", .gauge, "Seconds until a replica has replayed."),
            ],
            """
            SELECT application_name, coalesce(host(client_addr), '') AS client_addr, state,
                pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                    ELSE pg_current_wal_lsn() END, replay_lsn)::float8 AS pg_wal_lsn_diff,
                coalesce(extract(epoch FROM replay_lag), 0) AS replay_lag_seconds FROM pg_stat_replication
            """),
        PostgresView(
            "pg_replication_slot", labels: ["slot_name", "slot_type"],
            [
                ("slot_is_active", .gauge, "1 if somebody reads from the slot."),
                ("slot_retained_bytes", .gauge, "Bytes of the log that the slot holds."),
            ],
            """
            SELECT slot_name, slot_type, active::int AS slot_is_active,
                pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                    ELSE pg_current_wal_lsn() END, restart_lsn)::float8 AS slot_retained_bytes
            FROM pg_replication_slots
            """),
        PostgresView(
            "pg_locks", labels: ["datname", "mode"], [("count", .gauge, "Locks by mode.")],
            """
            SELECT d.datname, lower(m.mode) AS mode, count(l.mode) AS count
            FROM pg_database AS d CROSS JOIN (VALUES ('AccessShareLock'), ('RowShareLock'), ('RowExclusiveLock'),
                ('ShareUpdateExclusiveLock'), ('ShareLock'), ('ShareRowExclusiveLock'), ('ExclusiveLock'),
                ('AccessExclusiveLock'), ('SIReadLock')) AS m (mode)
            LEFT JOIN pg_locks AS l ON l.database = d.oid AND l.mode = m.mode
            WHERE d.datallowconn GROUP BY d.datname, m.mode
            """),
        PostgresView(
            "pg_stat_statements", labels: ["user", "datname", "queryid"],
            counters([
                ("calls_total", "Calls of a statement."), ("seconds_total", "Seconds spent in it."),
                ("rows_total", "Rows that it returned or changed."),
            ]),
            """
            SELECT pg_get_userbyid(userid) AS user, d.datname, queryid, calls AS calls_total,
                total_exec_time / 1000 AS seconds_total, rows AS rows_total
            FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid
            ORDER BY total_exec_time DESC LIMIT 100
            """, relation: "pg_stat_statements", versions: 130_000..<Int.max),
    ]

    /// Asked in each database whose tables are told of.
    static let ofDatabase = [
        PostgresView(
            "pg_stat_user_tables", labels: ["schemaname", "relname"],
            [
                ("n_live_tup", .gauge, "Rows."), ("n_dead_tup", .gauge, "Rows that wait to be cleaned away."),
                ("n_mod_since_analyze", .gauge, "Rows changed since the planner looked."),
                ("last_vacuum", .gauge, "When it was cleaned."),
                ("last_autovacuum", .gauge, "When it was cleaned by itself."),
                ("last_analyze", .gauge, "When the planner looked."),
                ("last_autoanalyze", .gauge, "When the planner looked by itself."),
                ("size_bytes", .gauge, "Bytes on disk with indexes."),
            ]
                + counters([
                    ("seq_scan", "Scans of the table."), ("seq_tup_read", "Rows read by scans."),
                    ("idx_scan", "Scans of its indexes."), ("idx_tup_fetch", "Rows fetched by indexes."),
                    ("n_tup_ins", "Rows inserted."), ("n_tup_upd", "Rows updated."),
                    ("n_tup_del", "Rows deleted."), ("n_tup_hot_upd", "Rows updated within their page."),
                    ("vacuum_count", "Cleanings."), ("autovacuum_count", "Cleanings by itself."),
                    ("analyze_count", "Looks of the planner."),
                    ("autoanalyze_count", "Looks of the planner by itself."),
                ]),
            """
            SELECT *, extract(epoch FROM last_vacuum) AS last_vacuum,
                extract(epoch FROM last_autovacuum) AS last_autovacuum,
                extract(epoch FROM last_analyze) AS last_analyze,
                extract(epoch FROM last_autoanalyze) AS last_autoanalyze,
                pg_total_relation_size(relid) AS size_bytes
            FROM pg_stat_user_tables ORDER BY n_live_tup DESC LIMIT 200
            """),
        PostgresView(
            "pg_statio_user_tables", labels: ["schemaname", "relname"],
            counters([
                ("heap_blocks_read", "Blocks read."), ("heap_blocks_hit", "Blocks found in memory."),
                ("idx_blocks_read", "Blocks of indexes read."),
                ("idx_blocks_hit", "Blocks of indexes found in memory."),
            ]),
            """
            SELECT schemaname, relname, heap_blks_read AS heap_blocks_read, heap_blks_hit AS heap_blocks_hit,
                idx_blks_read AS idx_blocks_read, idx_blks_hit AS idx_blocks_hit
            FROM pg_statio_user_tables ORDER BY heap_blks_read + heap_blks_hit DESC LIMIT 200
            """),
        PostgresView(
            "pg_stat_user_indexes", labels: ["schemaname", "relname", "indexrelname"],
            counters([
                ("idx_scan", "Scans."), ("idx_tup_read", "Entries read."), ("idx_tup_fetch", "Rows fetched."),
            ]),
            """
            SELECT schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch
            FROM pg_stat_user_indexes ORDER BY idx_scan DESC LIMIT 500
            """),
    ]
}
