package vocab

// Facts: what the probe learns of the way to an upstream, where that leads over a
// network.
const (
	PathLoss      Fact = "path_loss"
	PathDataLost  Fact = "path_data_lost"
	PathSlow      Fact = "path_slow"
	PathWhole     Fact = "path_whole"
	PathBlackHole Fact = "path_black_hole"
	ProbeIdleLost Fact = "probe_idle_lost"

	GatewayResending Fact = "gateway_resending"

	NameKnownToSystem Fact = "name_known_to_system"
)

var pathFacts = []FactInfo{
	{PathLoss, "path", Now, RoleEndpoint, "of a short series of connects to the upstream some were answered only when they were sent again, or not at all, and others at once"},
	{PathDataLost, "path_data", Now, RoleEndpoint, "packets of open connections to the upstream vanished: the kernel had to send them again, or waits for some that are missing"},
	{PathSlow, "path", Now, RoleEndpoint, "the way to the upstream and back takes most of the time that the gateway waits"},
	{PathWhole, "path", Now, RoleEndpoint, "every connect of a short series came through at the first attempt"},
	{PathBlackHole, "path", Now, RoleEndpoint, "large packets on the way to the upstream, or back, vanish, and small ones arrive"},
	{ProbeIdleLost, "idle", Now, RoleEndpoint, "a request on a connection that had been idle was lost without a word, and a new connection is answered"},
	{GatewayResending, "resending", Now, RoleEndpoint, "a connection that the gateway holds to the upstream waits for an acknowledgement, and its kernel sends again"},
	{NameKnownToSystem, "name_known", Now, RoleName, "the system's resolver finds the name, and the gateway's own does not"},
}
