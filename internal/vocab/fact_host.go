package vocab

import "slices"

// Facts is every fact of the vocabulary.
var Facts = slices.Concat(facts, hostFacts, textFacts, runtimeFacts, pathFacts)

// Facts: what the host of the gateway, or of a local upstream, is short of.
const (
	GatewayFilesShort       Fact = "gateway_files_short"
	GatewayFilesLow         Fact = "gateway_files_low"
	GatewayConnectionsShort Fact = "gateway_connections_short"
	GatewayDiskShort        Fact = "gateway_disk_short"
	GatewayThrottled        Fact = "gateway_throttled"
	HostMemoryShort         Fact = "host_memory_short"
	HostCPUShort            Fact = "host_cpu_short"
	HostStolen              Fact = "host_stolen"
	HostIOShort             Fact = "host_io_short"
	ConntrackShort          Fact = "conntrack_short"
	KernelConntrackFull     Fact = "kernel_conntrack_full"
	SecurityDeniedFile      Fact = "security_denied_file"

	AppNoSpace            Fact = "app_no_space"
	PortsShort            Fact = "ports_short"
	ProbeNoLocalPort      Fact = "probe_no_local_port"
	EndpointFilesShort    Fact = "endpoint_files_short"
	EndpointTasksShort    Fact = "endpoint_tasks_short"
	EndpointMemoryShort   Fact = "endpoint_memory_short"
	EndpointMemoryStalled Fact = "endpoint_memory_stalled"
	EndpointIOStalled     Fact = "endpoint_io_stalled"
	EndpointThrottled     Fact = "endpoint_throttled"
	EndpointDiskShort     Fact = "endpoint_disk_short"
	EndpointGroupKilled   Fact = "endpoint_group_killed"
	EndpointQueueLost     Fact = "endpoint_queue_lost"
	KernelQueueFull       Fact = "kernel_queue_full"
	DependencyAway        Fact = "dependency_away"
	SecurityDeniedConnect Fact = "security_denied_connect"
	InterfaceErrors       Fact = "interface_errors"

	UnitFailed        Fact = "unit_failed"
	UnitKilled        Fact = "unit_killed"
	UnitOOMKilled     Fact = "unit_oom_killed"
	UnitRestarts      Fact = "unit_restarts"
	UnitStopped       Fact = "unit_stopped"
	UnitPrivateTmp    Fact = "unit_private_tmp"
	ListenerOtherRoot Fact = "listener_other_root"
	ContainerExited   Fact = "container_exited"
	ContainerOOM      Fact = "container_oom"
	ContainerRestarts Fact = "container_restarts"
	ContainerPaused   Fact = "container_paused"
	ContainerApart    Fact = "container_apart"
	ContainerMoved    Fact = "container_moved"
)

// A group whose name ends in _now is what the host shows, beside what a log says
// of the same shortage: two witnesses.
var hostFacts = []FactInfo{
	{GatewayFilesShort, "files_now", Now, RoleGateway, "a process of the gateway has as many descriptors open as it may, or nearly"},
	{GatewayFilesLow, "files_limit", Standing, RoleGateway, "a process of the gateway may open fewer descriptors than its configured connections need"},
	{GatewayConnectionsShort, "connections_now", Now, RoleGateway, "a worker of the gateway holds as many connections as it may, or nearly"},
	{GatewayDiskShort, "disk_now", Now, RoleGateway, "a file system that the gateway writes to has no room, or no inodes, left"},
	{GatewayThrottled, "cpu_now", Now, RoleGateway, "the gateway's processor quota runs out again and again"},
	{HostMemoryShort, "memory_host", Now, RoleGateway, "the host is short of memory: programs wait for it"},
	{HostCPUShort, "cpu_host", Now, RoleGateway, "the host's processors are all busy, and programs wait for them"},
	{HostStolen, "steal_now", Now, RoleGateway, "the hypervisor gives the host's processor time to other guests"},
	{HostIOShort, "io_now", Now, RoleGateway, "programs on the host wait for its disks most of the time"},
	{ConntrackShort, "conntrack_now", Now, RoleGateway, "the connection tracking table is full, or nearly"},
	{KernelConntrackFull, "conntrack", Past, RoleGateway, "the kernel dropped packets because its connection tracking table was full"},
	{SecurityDeniedFile, "security", Past, RoleGateway, "SELinux or AppArmor refused the gateway a file"},

	{AppNoSpace, "disk", Past, RoleEndpoint, "the application could not write: no space"},
	{PortsShort, "ports_now", Now, RoleEndpoint, "nearly every local port towards the upstream is in use"},
	{ProbeNoLocalPort, "ports_probe", Now, RoleEndpoint, "the probe got no local port for its connection to the upstream"},
	{EndpointFilesShort, "files_now", Now, RoleEndpoint, "a process of the application has as many descriptors open as it may, or nearly"},
	{EndpointTasksShort, "tasks_now", Now, RoleEndpoint, "the application has as many processes and threads as it may"},
	{EndpointMemoryShort, "memory_now", Now, RoleEndpoint, "the application's memory is at the limit of its control group"},
	{EndpointMemoryStalled, "memory_stall", Now, RoleEndpoint, "the application's processes wait, most of the time, for memory that the kernel has to free or to read again"},
	{EndpointIOStalled, "io_stall", Now, RoleEndpoint, "the application's processes wait, most of the time, for disks"},
	{EndpointThrottled, "cpu_now", Now, RoleEndpoint, "the application's processor quota runs out again and again"},
	{EndpointDiskShort, "disk_now", Now, RoleEndpoint, "a file system that the application writes to has no room, or no inodes, left"},
	{EndpointGroupKilled, "oom_now", Now, RoleEndpoint, "the kernel counts processes that it killed in the application's control group for lack of memory"},
	{EndpointQueueLost, "queue_now", Now, RoleEndpoint, "connections found no room in a queue during the examination, and some wait at the upstream"},
	{KernelQueueFull, "queue_log", Past, RoleEndpoint, "the kernel noted that the queue of the upstream's port overflows"},
	{DependencyAway, "dependency_now", Now, RoleEndpoint, "nothing listens at the address of this host that the application's log says it cannot reach"},
	{SecurityDeniedConnect, "security", Past, RoleEndpoint, "SELinux or AppArmor refused the gateway its connection to the upstream"},
	{InterfaceErrors, "interface", Now, RoleEndpoint, "the interface towards the upstream counts damaged packets"},

	{UnitFailed, "unit", Now, RoleEndpoint, "the application's systemd unit has failed"},
	{UnitKilled, "unit", Now, RoleEndpoint, "the application's systemd unit failed because a signal ended its main process"},
	{UnitOOMKilled, "unit", Now, RoleEndpoint, "the application's systemd unit failed because the kernel killed it for lack of memory"},
	{UnitRestarts, "unit", Now, RoleEndpoint, "systemd started the application's unit again, by itself, in the time of the failure"},
	{UnitStopped, "unit", Now, RoleEndpoint, "the application's systemd unit is inactive without having failed: it was stopped, or never started"},
	{UnitPrivateTmp, "unit_tmp", Standing, RoleEndpoint, "gateway and application have different /tmp folders (PrivateTmp), and the socket lies there"},
	{ListenerOtherRoot, "other_root", Now, RoleEndpoint, "a process listens at the very path and sees other files than the gateway: it has a mount namespace or root of its own"},
	{ContainerExited, "container_state", Now, RoleEndpoint, "the application's container has ended"},
	{ContainerOOM, "container_state", Now, RoleEndpoint, "the application's container was killed for lack of memory"},
	{ContainerRestarts, "container_state", Now, RoleEndpoint, "the application's container was started again in the time of the failure"},
	{ContainerPaused, "container_state", Now, RoleEndpoint, "the application's container is paused"},
	{ContainerApart, "container_network", Standing, RoleEndpoint, "the gateway's container shares no network with the application's container"},
	{ContainerMoved, "container_network", Standing, RoleEndpoint, "a container of the application has another address than the one that the gateway dials"},
}
