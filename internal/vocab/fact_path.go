package vocab

// Facts: what the probe learns of the way to an upstream, where that leads over a
// network.
const (
	PathLoss      Fact = "path_loss"
	PathDataLost  Fact = "path_data_lost"
	PathSlow      Fact = "path_slow"
	PathWhole     Fact = "path_whole"
	PathBlackHole Fact = "path_black_hole"
	PathEnds      Fact = "path_ends"
	ProbeIdleLost Fact = "probe_idle_lost"

	GatewayResending Fact = "gateway_resending"

	NameKnownToSystem Fact = "name_known_to_system"

	PoolCountsErrors   Fact = "pool_counts_errors"
	PoolAnsweredErrors Fact = "pool_answered_errors"
	TrafficGrew        Fact = "traffic_grew"
	TrafficUsual       Fact = "traffic_usual"
)

var pathFacts = []FactInfo{
	{PathLoss, "path", Now, RoleEndpoint, "of a short series of connects to the upstream some were answered only when they were sent again, or not at all, and others at once"},
	{PathDataLost, "path_data", Now, RoleEndpoint, "packets of open connections to the upstream vanished: the kernel had to send them again, or waits for some that are missing"},
	{PathSlow, "path", Now, RoleEndpoint, "the way to the upstream and back takes most of the time that the gateway waits"},
	{PathWhole, "path", Now, RoleEndpoint, "every connect of a short series came through at the first attempt"},
	{PathBlackHole, "path", Now, RoleEndpoint, "large packets on the way to the upstream, or back, vanish, and small ones arrive"},
	{PathEnds, "path_end", Now, RoleEndpoint, "packets to the upstream come as far as a router on the way, and nothing comes back from behind it"},
	{ProbeIdleLost, "idle", Now, RoleEndpoint, "a request on a connection that had been idle was lost without a word, and a new connection is answered"},
	{GatewayResending, "resending", Now, RoleEndpoint, "a connection that the gateway holds to the upstream waits for an acknowledgement, and its kernel sends again"},
	{NameKnownToSystem, "name_known", Now, RoleName, "the system's resolver finds the name, and the gateway's own does not"},
	{PoolCountsErrors, "counts_errors", Standing, RoleRoute, "the configuration takes a 5xx answer for a failure of the server, and tries another one"},
	{PoolAnsweredErrors, "answered_errors", Past, RoleRoute, "servers of the pool answered other requests with a 5xx at that time, or just before"},
	{TrafficGrew, "traffic", Past, RoleRoute, "many more requests come in than ever before in the log"},
	{TrafficUsual, "traffic", Past, RoleRoute, "no more requests come in than in other times of the log"},
}
