// - `is_shadow`: seen while sending was off. Such a request is never sent, unless an operator retries it.
// - `request.reference`: what the record refers to, several separated by spaces. Each recipient may own a different
//   project.
// - `request.project_name`: used by jobs that the second schema wrote.
// - `confirmation`: whose record confirmed what an index named.
// - `collection`: the collections in which accepted requests were seen, at most a thousand, the earliest first.
//   Strangers may invent names within a namespace, and a sweep asks for each.
// - `rule_day`: what each rule matched, told and refused, by days since the Unix epoch, with the last request of each.
extension LedgerSchema {
    // An AT-URI is at://authority/collection/key.
    static let thirdTables = """
        ALTER TABLE request ADD COLUMN is_shadow INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE job ADD COLUMN project TEXT;
        ALTER TABLE job ADD COLUMN project_name TEXT;
        CREATE TABLE confirmation (reference TEXT PRIMARY KEY, uri TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX confirmation_uri ON confirmation (uri);
        CREATE INDEX confirmation_at ON confirmation (at);
        CREATE TABLE rule_day (
            rule TEXT NOT NULL, day INTEGER NOT NULL, outcome TEXT NOT NULL, number INTEGER NOT NULL, uri TEXT NOT NULL,
            PRIMARY KEY (rule, day, outcome)) WITHOUT ROWID;
        CREATE INDEX rule_day_day ON rule_day (day);
        CREATE TABLE collection (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        INSERT INTO collection (name)
            SELECT substr(path, 1, instr(path, '/') - 1) AS name
            FROM (SELECT id, substr(uri, instr(substr(uri, 6), '/') + 6) AS path FROM request)
            GROUP BY name ORDER BY min(id) LIMIT 1000;
        """
}
