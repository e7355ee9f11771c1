package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var socketPermission = Cause{
	ID: vocab.SocketPermission,
	Expects: []Expectation{
		{Fact: vocab.GatewayDenied, Seen: 28}, // EACCES is a permission, and nothing else
		{Fact: vocab.SocketModeDenies, Seen: 28},
		{Fact: vocab.SocketModeAllows, Seen: -8}, // then it is SELinux, AppArmor or a namespace
		{Fact: vocab.GatewayRefused, Seen: -10},
		{Fact: vocab.GatewayReadTimeout, Seen: -25}, // it did connect: an ACL let it in
		{Fact: vocab.GatewayClosedEarly, Seen: -25},
		{Fact: vocab.ProbeDenied, Seen: 4},
		{Fact: vocab.GatewayConnectFailed, Seen: 6}, // HAProxy writes SC-- for it too
		{Fact: vocab.CheckUnconnected, Seen: 4},
		{Fact: vocab.SecurityDeniedConnect, Seen: 28}, // the policy's own record
		{Fact: vocab.UnitPrivateTmp, Seen: 26},        // two folders of the same name
		{Fact: vocab.ListenerOtherRoot, Seen: 30},     // measured: the path leads elsewhere
		{Fact: vocab.GatewaySocketMissing, Seen: 8},   // there is none where the gateway looks
		{Fact: vocab.ProbeSocketMissing, Seen: 6},     // nor where we do, in its place
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The gateway cannot get at {endpoint}[: {value:socket_mode_denies}|: {value:unit_private_tmp}|: {value:listener_other_root}|: {value:security_denied_connect}|: its user may not connect].",
	Fixes: []Fix{
		{Text: "[The application's /tmp is its own ({value:unit_private_tmp}): let it listen below /run instead (RuntimeDirectory= in its unit), and point the gateway there; or PrivateTmp=no.|Let both see the same folder ({value:listener_other_root}): put the socket into one that is mounted for both.|Let the security policy allow it: {value:security_denied_connect}.|Give the gateway's group access to the socket and to every folder above it (php-fpm listen.owner/listen.group/listen.mode, gunicorn --umask, a shared group).]", Command: "namei -l {path}"},
		{Text: "If mode and owner are right, ask SELinux and AppArmor (ausearch -m avc -ts recent) and the unit's PrivateTmp."},
	},
	Next: "namei -l shows mode and owner of the socket and of every folder above it.",
}
