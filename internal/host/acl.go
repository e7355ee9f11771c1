package host

import "encoding/binary"

// aclEntry is one entry of a POSIX access control list.
type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// The tags of include/uapi/linux/posix_acl.h.
const (
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

// parseACL reads the attribute system.posix_acl_access: a version of 2 in four
// bytes, then entries of eight, little endian (posix_acl_xattr.h). What is not
// one is no list.
func parseACL(b []byte) []aclEntry {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != 2 || len(b[4:])%8 != 0 {
		return nil
	}
	var list []aclEntry
	for b = b[4:]; len(b) >= 8; b = b[8:] {
		list = append(list, aclEntry{tag: binary.LittleEndian.Uint16(b), perm: binary.LittleEndian.Uint16(b[2:]), id: binary.LittleEndian.Uint32(b[4:])})
	}
	return list
}

// aclAllows follows posix_acl_permission in the kernel's fs/posix_acl.c for an
// identity that is not the owner.
func aclAllows(p PathStep, acl []aclEntry, who Identity, need uint32) bool {
	mask, other := uint32(7), uint32(0)
	for _, e := range acl {
		switch e.tag {
		case aclMask:
			mask = uint32(e.perm)
		case aclOther:
			other = uint32(e.perm)
		}
	}
	for _, e := range acl {
		if e.tag == aclUser && int(e.id) == who.UID {
			return uint32(e.perm)&mask&need == need
		}
	}
	member := false
	for _, e := range acl {
		mine := e.tag == aclGroupObj && who.in(p.GID) || e.tag == aclGroup && who.in(int(e.id))
		if mine && uint32(e.perm)&need == need {
			return mask&need == need
		}
		member = member || mine
	}
	return !member && other&need == need
}
