package backend

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Managers answers on the sockets of systemd and of the container engine, where
// neither may be started: with what they answered elsewhere, recorded. The sockets,
// the protocols and the requests are real.
type Managers struct {
	Units  []UnitRecord      `json:"units,omitempty"`
	Engine map[string]string `json:"engine,omitempty"` // JSON by the path that is asked for
}

// UnitRecord is one service as systemd 252 tells of it: the properties of its
// interfaces Unit and Service that goodgate asks for.
type UnitRecord struct {
	Name        string   `json:"name"`
	ActiveState string   `json:"active_state"`
	SubState    string   `json:"sub_state"`
	Result      string   `json:"result"`
	Restart     string   `json:"restart,omitempty"`
	MainPID     uint32   `json:"main_pid,omitempty"`
	Restarts    uint32   `json:"restarts,omitempty"`
	Code        int32    `json:"code,omitempty"`
	Status      int32    `json:"status,omitempty"`
	Started     uint64   `json:"started,omitempty"` // microseconds since 1970
	Ended       uint64   `json:"ended,omitempty"`
	PrivateTmp  bool     `json:"private_tmp,omitempty"`
	Exec        []string `json:"exec,omitempty"`
	Env         []string `json:"env,omitempty"`
}

// Where the managers listen.
const (
	SystemdSocket = "/run/systemd/private"
	EngineSocket  = "/run/docker.sock"
)

func (m *Managers) serve() (closers []io.Closer, err error) {
	if len(m.Units) > 0 {
		l, err := listenAt(SystemdSocket, 0o600)
		if err != nil {
			return nil, err
		}
		closers = append(closers, l)
		go m.systemd(l)
	}
	if len(m.Engine) > 0 {
		l, err := listenAt(EngineSocket, 0o660)
		if err != nil {
			return closers, err
		}
		closers = append(closers, l)
		go http.Serve(l, http.HandlerFunc(m.engine))
	}
	return closers, nil
}

func listenAt(path string, mode os.FileMode) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		l.Close()
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	return l, nil
}

// engine answers as the Engine API does: 404 with a message for what it does not
// know.
func (m *Managers) engine(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	text, ok := m.Engine[r.URL.Path]
	if !ok || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		text = `{"message":"page not found"}`
	}
	_, _ = io.WriteString(w, text)
}

func (m *Managers) systemd(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			in := bufio.NewReader(c)
			if authenticate(in, c) == nil {
				m.converse(in, c)
			}
		}()
	}
}

// authenticate is the server's side of the authentication protocol (D-Bus
// specification), which lets in whoever may open the socket.
func authenticate(in *bufio.Reader, out io.Writer) error {
	if b, err := in.ReadByte(); err != nil || b != 0 {
		return fmt.Errorf("cannot authenticate: no NUL: %w", err)
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		answer := "ERROR"
		switch f := strings.Fields(line); {
		case len(f) == 1 && f[0] == "BEGIN":
			return nil
		case len(f) == 1 && f[0] == "AUTH":
			answer = "REJECTED EXTERNAL"
		case len(f) >= 2 && f[0] == "AUTH" && f[1] == "EXTERNAL", len(f) > 0 && f[0] == "DATA":
			answer = "OK " + hex.EncodeToString([]byte("goodgate-lab-bus"))
		}
		if _, err := io.WriteString(out, answer+"\r\n"); err != nil {
			return err
		}
	}
}

// converse answers calls until the caller goes.
func (m *Managers) converse(in io.Reader, out io.Writer) {
	for {
		call, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		if call.Type != dbus.TypeMethodCall {
			continue
		}
		reply := m.answer(call)
		if reply.Headers == nil {
			reply.Headers = map[dbus.HeaderField]dbus.Variant{}
		}
		reply.Headers[dbus.FieldReplySerial] = dbus.MakeVariant(call.Serial())
		if len(reply.Body) > 0 {
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(reply.Body...))
		}
		if err := reply.EncodeTo(out, binary.LittleEndian); err != nil {
			return
		}
	}
}

func (m *Managers) answer(call *dbus.Message) *dbus.Message {
	text := func(f dbus.HeaderField) string { s, _ := call.Headers[f].Value().(string); return s }
	path, _ := call.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	first := ""
	if len(call.Body) > 0 {
		first, _ = call.Body[0].(string)
	}
	reply := &dbus.Message{Type: dbus.TypeMethodReply}
	switch text(dbus.FieldMember) {
	case "LoadUnit":
		reply.Body = []any{unitPath(first)}
	case "ListUnitsByPatterns":
		states, _ := call.Body[0].([]string)
		reply.Body = []any{m.list(states)}
	case "GetAll":
		reply.Body = []any{m.properties(path, first)}
	default:
		reply.Type = dbus.TypeError
		reply.Headers = map[dbus.HeaderField]dbus.Variant{dbus.FieldErrorName: dbus.MakeVariant("org.freedesktop.DBus.Error.UnknownMethod")}
	}
	return reply
}

// unitPath spells a unit as systemd does (unit_dbus_path_from_name).
func unitPath(name string) dbus.ObjectPath {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return dbus.ObjectPath("/org/freedesktop/systemd1/unit/" + b.String())
}

// listed is a row of ListUnits: name, description, load, active and sub state, who
// it follows, path, and its job.
type listed struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	Job                                             uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

func (m *Managers) list(states []string) []listed {
	rows := []listed{}
	for _, u := range m.Units {
		for _, s := range states {
			if s == u.ActiveState || s == u.SubState {
				rows = append(rows, listed{u.Name, u.Name, "loaded", u.ActiveState, u.SubState, "", unitPath(u.Name), 0, "", "/"})
				break
			}
		}
	}
	return rows
}

// execStart is a row of the property ExecStart: program, arguments, whether its
// failure is ignored, and when and how it ran last.
type execStart struct {
	Path                    string
	Args                    []string
	Ignore                  bool
	From, FromMono, To, Too uint64
	PID                     uint32
	Code, Status            int32
}

func (m *Managers) properties(path dbus.ObjectPath, face string) map[string]dbus.Variant {
	all := map[string]dbus.Variant{}
	set := func(name string, value any) { all[name] = dbus.MakeVariant(value) }
	var u *UnitRecord
	for i := range m.Units {
		if unitPath(m.Units[i].Name) == path {
			u = &m.Units[i]
		}
	}
	if u == nil {
		set("LoadState", "not-found")
		set("ActiveState", "inactive")
		set("SubState", "dead")
		return all
	}
	if strings.HasSuffix(face, ".Unit") {
		set("LoadState", "loaded")
		set("ActiveState", u.ActiveState)
		set("SubState", u.SubState)
		set("FragmentPath", "/etc/systemd/system/"+u.Name)
		set("NeedDaemonReload", false)
		return all
	}
	set("Result", u.Result)
	set("Restart", u.Restart)
	set("MainPID", u.MainPID)
	set("NRestarts", u.Restarts)
	set("ExecMainCode", u.Code)
	set("ExecMainStatus", u.Status)
	set("ExecMainStartTimestamp", u.Started)
	set("ExecMainExitTimestamp", u.Ended)
	set("LimitNOFILE", uint64(524288))
	set("TasksMax", uint64(28909))
	set("MemoryMax", ^uint64(0))
	set("PrivateTmp", u.PrivateTmp)
	set("Environment", append([]string{}, u.Env...))
	set("ExecStart", []execStart{{Path: firstOf(u.Exec), Args: append([]string{}, u.Exec...), From: u.Started, To: u.Ended, Code: u.Code, Status: u.Status}})
	return all
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
