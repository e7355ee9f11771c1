package vocab

// Facts: what gateways tell of their checks and breakers where they tell no more
// than that.
const (
	CheckAnswersError  Fact = "check_answers_error"
	CheckFails         Fact = "check_fails"
	CircuitConfigured  Fact = "circuit_configured"
	CircuitOpenNow     Fact = "circuit_open_now"
	GatewayCircuitOpen Fact = "gateway_circuit_open"
	ServerEjected      Fact = "server_ejected"
)

var runtimeFacts = []FactInfo{
	{CheckFails, "check", Now, RoleEndpoint, "the gateway's health check of the server fails, and it does not say how"},
	{CheckAnswersError, "check_answers_error", Now, RoleEndpoint, "the server answers the gateway's health check with a 5xx: it may be right about itself"},
	{CircuitConfigured, "circuit_configured", Standing, RoleRoute, "a circuit breaker stands before the upstream"},
	{CircuitOpenNow, "circuit", Now, RolePool, "the gateway says that a circuit breaker of the pool is open"},
	{ServerEjected, "ejected", Now, RoleEndpoint, "the gateway took the server out by itself, because of how requests to it ended"},
	{GatewayCircuitOpen, "circuit", Past, RoleRoute, "the gateway refused the request without asking any server: its circuit breaker was open"},
}
