package host

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"
)

// look is the helper that looks at the world as an unprivileged process and
// tells what it saw.
func look() int {
	ctx := context.Background()
	pid, _ := strconv.Atoi(os.Getenv("GOODGATE_PID"))
	ns, _ := strconv.Atoi(os.Getenv("GOODGATE_NS"))
	v := Self()
	var s sight
	var err error
	s.Listeners, _ = v.Listeners(ctx)
	list, _ := ListProcesses(ctx)
	s.Process, _ = list.Find(pid)
	s.Detail, _ = ReadDetail(ctx, pid)
	if s.Place, err = PlaceOf(ctx, pid); err != nil {
		s.PlaceGap = gapOf("place", err)
	}
	if _, err = (Place{PID: ns, Mount: "mnt:[1]", Net: "net:[1]"}).Open(); err != nil {
		s.NSGap = gapOf("namespace", err)
	}
	if _, err = v.ReadFile(ctx, os.Getenv("GOODGATE_FILE"), 10); err != nil {
		s.FileGap = gapOf("file", err)
	}
	if _, err = v.Firewall(ctx, "127.0.0.1", 80); err != nil {
		s.FirewallGap = gapOf("firewall", err)
	}
	if _, err = ReadKernel(ctx, time.Time{}); err != nil {
		s.KernelGap = gapOf("kernel", err)
	}
	s.Route, _ = v.Route(ctx, "127.0.0.1")
	_ = json.NewEncoder(os.Stdout).Encode(s)
	return 0
}
