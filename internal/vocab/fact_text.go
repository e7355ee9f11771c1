package vocab

// Facts: what a configuration that people paste beside their lines shows, of
// whatever product it is.
const (
	TargetProtocolNamed Fact = "target_protocol_named"
	NetworksNamed       Fact = "networks_named"
	BindsLoopback       Fact = "binds_loopback"
	CheckConfigured     Fact = "check_configured"
	TimeoutConfigured   Fact = "timeout_configured"
)

// textFacts are told by single words of a configuration, which is why they weigh
// little.
var textFacts = []FactInfo{
	{TargetProtocolNamed, "protocol_named", Standing, RoleRoute, "the configuration names another protocol than plain HTTP for the upstream"},
	{NetworksNamed, "networks_named", Standing, RoleRoute, "the configuration puts containers on networks of their own, or names the one to use"},
	{BindsLoopback, "binds_loopback", Standing, RoleRoute, "the application is told to listen on the loopback address only, and the gateway dials another one"},
	{CheckConfigured, "check_configured", Standing, RoleRoute, "the configuration has a health check of its own"},
	{TimeoutConfigured, "timeout_configured", Standing, RoleRoute, "a person set a time limit in the configuration"},
}
