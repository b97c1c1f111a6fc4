internal import CLinux
internal import Glibc

/// The `process_*` families that every Prometheus client library has, from `/proc/self` (proc(5)).
struct ProcessMetrics: Sendable {
    private let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))

    /// The families, read now; a family whose file cannot be read is left out.
    func families() -> [MetricFamily] {
        let stat = Self.fields(ofStat: Self.read("/proc/self/stat"))
        // The numbers of proc(5) minus 3, because the fields up to the command's name are cut off.
        func field(_ number: Int) -> Double? {
            stat.indices.contains(number - 3) ? Double(stat[number - 3]) : nil
        }
        return [
            family(
                "process_cpu_seconds_total",
                .counter,
                "CPU time of all threads, user and system.",
                both(field(14), field(15)) { ($0 + $1) / ticksPerSecond }
            ),
            family(
                "process_start_time_seconds",
                .gauge,
                "When the process started.",
                both(Self.bootTime, field(22)) { $0 + $1 / ticksPerSecond }
            ),
            family("process_virtual_memory_bytes", .gauge, "Address space.", field(23)),
            family("process_resident_memory_bytes", .gauge, "Resident memory.", field(24).map { $0 * pageSize }),
            family("process_threads", .gauge, "Threads.", field(20)),
            family("process_open_fds", .gauge, "Open file descriptors.", Self.openDescriptors()),
            family("process_max_fds", .gauge, "Limit of open file descriptors.", Self.descriptorLimit()),
        ].compactMap { $0 }
    }

    private func both(_ left: Double?, _ right: Double?, _ combine: (Double, Double) -> Double) -> Double? {
        guard let left, let right else { return nil }
        return combine(left, right)
    }

    private func family(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) -> MetricFamily? {
        value.map { MetricFamily(name: name, kind: kind, help: help, samples: [.init(value: $0)]) }
    }

    // The unit's ProcSubset=pid hides /proc/stat, which also has it.
    private static var bootTime: Double? {
        var (now, sinceBoot) = (timespec(), timespec())
        guard unsafe clock_gettime(CLOCK_REALTIME, &now) == 0, unsafe clock_gettime(CLOCK_BOOTTIME, &sinceBoot) == 0
        else { return nil }
        return Double(now.tv_sec - sinceBoot.tv_sec) + Double(now.tv_nsec - sinceBoot.tv_nsec) / 1e9
    }

    /// The fields after the command's name, which is in parentheses and may contain any character.
    static func fields(ofStat text: String) -> [Substring] {
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split { $0 == " " || $0 == "\n" }
    }

    private static func openDescriptors() -> Double? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        return Double(max(0, count - 3))  // ".", ".." and the folder's own
    }

    private static func descriptorLimit() -> Double? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }

    private static func read(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += buffer.prefix(count)
        }
    }
}
