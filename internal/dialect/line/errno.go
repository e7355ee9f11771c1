package line

// Error numbers of Linux (include/uapi/asm-generic/errno*.h).
const (
	EPERM         = 1
	ENOENT        = 2
	EIO           = 5
	EAGAIN        = 11
	ENOMEM        = 12
	EACCES        = 13
	ENOTDIR       = 20
	EINVAL        = 22
	ENFILE        = 23
	EMFILE        = 24
	ENOSPC        = 28
	EROFS         = 30
	EPIPE         = 32
	EAFNOSUPPORT  = 97
	EADDRINUSE    = 98
	EADDRNOTAVAIL = 99
	ENETDOWN      = 100
	ENETUNREACH   = 101
	ECONNABORTED  = 103
	ECONNRESET    = 104
	ENOBUFS       = 105
	ETIMEDOUT     = 110
	ECONNREFUSED  = 111
	EHOSTDOWN     = 112
	EHOSTUNREACH  = 113
	EDQUOT        = 122
)

// Linux returns the Linux number of the socket error n as Linux, BSD, macOS or
// Solaris number it. The numbers of the others mean nothing that a socket call
// returns on Linux, so the mapping needs no knowledge of the system.
func Linux(n int) int {
	switch n {
	case 35:
		return EAGAIN
	case 47, 124:
		return EAFNOSUPPORT
	case 48, 125:
		return EADDRINUSE
	case 49, 126:
		return EADDRNOTAVAIL
	case 50:
		return ENETDOWN
	case 51, 128:
		return ENETUNREACH
	case 53, 130:
		return ECONNABORTED
	case 54, 131:
		return ECONNRESET
	case 55:
		return ENOBUFS
	case 60, 145:
		return ETIMEDOUT
	case 61, 146:
		return ECONNREFUSED
	case 64, 147:
		return EHOSTDOWN
	case 65, 148:
		return EHOSTUNREACH
	}
	return n
}
